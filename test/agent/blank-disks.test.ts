/** Disks that hold nothing yet: byte for byte what QEMU's own tool makes, however few times it is asked. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BlankDisks } from "../../agent/images/blank-disks.ts";
import { run } from "../../agent/system/exec.ts";

const directory = mkdtempSync(join(tmpdir(), "wrenn-blank-"));
afterAll(() => rmSync(directory, { recursive: true }));

const at = (name: string): string => join(directory, name);
const GIB = 2 ** 30;
const SIZES = [GIB, 5 * GIB, 5 * GIB + 2 ** 20, 2_048 * GIB];

const makeBase = (name: string, format: string): Promise<string> =>
  run(["qemu-img", "create", "-q", "-f", format, at(name), String(GIB)]);

const byTool = (path: string, base: string, format: string, sizeBytes: number): Promise<string> =>
  run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", format, path, String(sizeBytes)]);

test("files of one kind differ in the name they stand on alone, and are what the tool makes", async () => {
  const blanks = new BlankDisks();
  for (const backingFormat of ["raw", "qcow2"] as const) {
    for (const name of ["one", "two", "longer"]) await makeBase(`${name}.${backingFormat}`, backingFormat);
    for (const sizeBytes of SIZES) {
      for (const name of ["one", "two", "longer", "two"]) {
        const backingName = `${name}.${backingFormat}`;
        for (const file of ["own", "tool"]) rmSync(at(file), { force: true });
        await blanks.make(at("own"), { backingName, backingFormat, sizeBytes });
        await byTool(at("tool"), backingName, backingFormat, sizeBytes);
        expect(
          readFileSync(at("own")).equals(readFileSync(at("tool"))),
          `${backingName}, ${sizeBytes}`,
        ).toBeTrue();
      }
    }
  }
}, 60_000);

test("what is made without the tool is sound, of the right size, written once, and as sparse", async () => {
  const blanks = new BlankDisks();
  await makeBase("base.raw", "raw");
  await run(["qemu-io", "-f", "raw", "-c", "write -P 0x5a 64k 64k", at("base.raw")]);
  const disk = { backingName: "base.raw", backingFormat: "raw", sizeBytes: 5 * GIB } as const;
  for (const name of ["first", "second"]) await blanks.make(at(name), disk);
  await run(["qemu-img", "check", "-q", at("second")]);
  const info: unknown = JSON.parse(await run(["qemu-img", "info", "--output=json", at("second")]));
  expect(info).toMatchObject({
    "virtual-size": 5 * GIB,
    "backing-filename": "base.raw",
    "backing-filename-format": "raw",
  });
  expect(await run(["qemu-io", "-r", "-f", "qcow2", "-c", "read -P 0x5a 64k 64k", at("second")])).toContain(
    "read 65536",
  );
  expect(statSync(at("second")).blocks).toBeLessThanOrEqual(statSync(at("first")).blocks);
  expect(statSync(at("second")).mode & 0o777).toBe(0o600);
  await expect(blanks.make(at("second"), disk)).rejects.toThrow(/EEXIST/);
}, 60_000);

test("of many made at once each stands on its own", async () => {
  const blanks = new BlankDisks();
  const names = Array.from({ length: 12 }, (_, index) => `many-${String(index).padStart(2, "0")}.raw`);
  for (const name of names) await makeBase(name, "raw");
  await Promise.all(
    names.map((backingName) =>
      blanks.make(at(`on-${backingName}`), { backingName, backingFormat: "raw", sizeBytes: GIB }),
    ),
  );
  for (const name of names) {
    const info = JSON.parse(await run(["qemu-img", "info", "--output=json", at(`on-${name}`)]));
    expect(info["backing-filename"]).toBe(name);
  }
}, 60_000);
