/** Reads and replaces the interpreter (dynamic loader) named in an x86-64 ELF executable. */

const PT_INTERP = 3;

/** Not an ELF executable of this machine's kind, or one without room for the new interpreter. */
export class UnusableExecutable extends Error {
  override name = "UnusableExecutable";
}

/** Byte range of the interpreter string, its closing NUL included. Layout: System V ABI, 64-bit, little endian. */
const interpreterRange = (file: Uint8Array): { offset: number; size: number } => {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.byteLength < 64 || view.getUint32(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new UnusableExecutable("not a 64-bit little-endian ELF file");
  }
  const tableOffset = Number(view.getBigUint64(32, true));
  const entrySize = view.getUint16(54, true);
  const entryCount = view.getUint16(56, true);
  for (let index = 0; index < entryCount; index++) {
    const entry = tableOffset + index * entrySize;
    if (entry + 56 > file.byteLength) break;
    if (view.getUint32(entry, true) !== PT_INTERP) continue;
    const offset = Number(view.getBigUint64(entry + 8, true));
    const size = Number(view.getBigUint64(entry + 32, true));
    if (offset + size <= file.byteLength) return { offset, size };
  }
  throw new UnusableExecutable("the ELF file names no interpreter: it is static, or damaged");
};

export const readInterpreter = (file: Uint8Array): string => {
  const { offset, size } = interpreterRange(file);
  return Buffer.from(file.buffer, file.byteOffset + offset, size - 1)
    .toString("latin1")
    .replace(/\0+$/, "");
};

/** Changes `file` in place; the new path must not be longer than the old one. */
export const replaceInterpreter = (file: Uint8Array, path: string): void => {
  const { offset, size } = interpreterRange(file);
  const bytes = Buffer.from(path, "latin1");
  if (bytes.length >= size)
    throw new UnusableExecutable(`no room for the interpreter ${path} in ${size} bytes`);
  file.fill(0, offset, offset + size);
  file.set(bytes, offset);
};
