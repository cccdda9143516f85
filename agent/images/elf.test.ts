import { expect, test } from "bun:test";

import { readInterpreter, replaceInterpreter, UnusableExecutable } from "./elf.ts";

test("the interpreter of a real executable is read and replaced in place", async () => {
  const file = await Bun.file(process.execPath).bytes();
  const length = file.byteLength;
  expect(readInterpreter(file)).toStartWith("/lib");
  replaceInterpreter(file, "/opt/wrenn/ld.so");
  expect(readInterpreter(file)).toBe("/opt/wrenn/ld.so");
  expect(file.byteLength).toBe(length);
  expect(() => replaceInterpreter(file, `/${"long".repeat(20)}`)).toThrow(UnusableExecutable);
});

test("what is no dynamic ELF executable is refused", async () => {
  expect(() => readInterpreter(new Uint8Array(10))).toThrow(UnusableExecutable);
  expect(() => readInterpreter(Buffer.from("#!/bin/sh\n".repeat(20)))).toThrow(UnusableExecutable);
  expect(() =>
    readInterpreter(Buffer.concat([Buffer.from("\x7fELF\x02\x01"), Buffer.alloc(200, 0xff)])),
  ).toThrow(UnusableExecutable);
});
