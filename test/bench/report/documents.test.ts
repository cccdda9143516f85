import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { toRows } from "../results.ts";
import { type Run, sectionOf, spliceSection, writeDocuments } from "./documents.ts";

const RUN: Run = {
  machine: {
    cpu: "a CPU",
    cores: 2,
    memory_mb: 24_100,
    kernel: "6.1",
    accelerator: "emulated",
    load_at_start: 0.2,
  },
  versions: { wrenn: "1 (abc)", bun: "1.4.5", qemu: "QEMU 7.2", os: "Debian 12", runsc: null },
  rows: toRows([
    { case: "fork", subject: "wrenn", value: 210 },
    { case: "fork", subject: "floor", value: 200 },
  ]),
  skipped: [{ subject: "gvisor", reason: "no runsc" }],
};

test("the section tells the machine, what is missing, and the table", () => {
  const section = sectionOf(RUN, "2026-01-02");
  expect(section).toStartWith("Measured on 2026-01-02:");
  expect(section).toContain("2 cores (a CPU), 24 GB, without KVM, load 0.2 at the start");
  expect(section).toContain("- not measured: gvisor: no runsc");
  expect(section).toMatch(/\| fork \| wrenn +\| +1 \| 210.0 ms \|/);
});

test("it takes the place of the last one; a page without marks is refused", () => {
  const page = "before\n<!-- results: begin -->\nold\n<!-- results: end -->\nafter";
  expect(spliceSection(page, "new")).toBe(
    "before\n<!-- results: begin -->\n\nnew\n\n<!-- results: end -->\nafter",
  );
  expect(() => spliceSection("<!-- results: end --><!-- results: begin -->", "new")).toThrow("must hold");
});

test("page, plot and numbers; the page is formatted as the project's own are", async () => {
  const directory = mkdtempSync(join(tmpdir(), "wrenn-documents-"));
  try {
    const path = join(directory, "benchmarks.md");
    writeFileSync(path, "# Title\n\n<!-- results: begin -->\n\n<!-- results: end -->\n");
    writeDocuments(directory, RUN);
    const written = readFileSync(path, "utf8");
    expect(readFileSync(join(directory, "benchmarks.svg"), "utf8")).toStartWith("<svg");
    expect(JSON.parse(readFileSync(join(directory, "benchmarks.json"), "utf8")).rows).toHaveLength(2);
    const formatter = Bun.spawn([process.execPath, "fmt", "--check", "--no-script", path], {
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await formatter.exited, written).toBe(0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
