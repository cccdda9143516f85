/** An initial RAM disk whose only program tells the host that it ran: the accelerator probe boots it. */
import { writeCpio } from "../system/cpio.ts";

/** Port of QEMU's isa-debug-exit device; a byte `v` written there ends QEMU with status `2v + 1`. */
export const EXIT_PORT = 0xf4;
const EXIT_VALUE = 0x10;
/** Only a guest that reached user space ends QEMU so: a panic or reset ends it with 0. */
export const REACHED_USER_SPACE = EXIT_VALUE * 2 + 1;

/** x86-64 machine code. */
const PROGRAM = [
  ...[0xb8, 0xac, 0x00, 0x00, 0x00], // mov eax, 172 (iopl)
  ...[0xbf, 0x03, 0x00, 0x00, 0x00], // mov edi, 3
  ...[0x0f, 0x05], //                   syscall
  ...[0xb0, EXIT_VALUE], //             mov al, value
  ...[0xe6, EXIT_PORT], //              out port, al
  ...[0xeb, 0xfe], //                   jmp $
];

const LOAD_ADDRESS = 0x40_0000n;
const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const CODE_OFFSET = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES;

/** A static ELF file of one segment (elf(5)). */
const elf = (code: number[]): Uint8Array => {
  const size = CODE_OFFSET + code.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // magic, 64 bit, little endian, version
  view.setUint16(16, 2, true); // executable
  view.setUint16(18, 62, true); // x86-64
  view.setUint32(20, 1, true);
  view.setBigUint64(24, LOAD_ADDRESS + BigInt(CODE_OFFSET), true); // entry
  view.setBigUint64(32, BigInt(ELF_HEADER_BYTES), true); // program headers
  view.setUint16(52, ELF_HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, 1, true); // one of them
  const segment = ELF_HEADER_BYTES;
  view.setUint32(segment, 1, true); // load
  view.setUint32(segment + 4, 5, true); // read, execute
  view.setBigUint64(segment + 16, LOAD_ADDRESS, true);
  view.setBigUint64(segment + 24, LOAD_ADDRESS, true);
  view.setBigUint64(segment + 32, BigInt(size), true); // in the file
  view.setBigUint64(segment + 40, BigInt(size), true); // in memory
  view.setBigUint64(segment + 48, 4096n, true);
  bytes.set(code, CODE_OFFSET);
  return bytes;
};

export const probeInitrd = (): Uint8Array =>
  writeCpio([{ path: "init", mode: 0o755, content: elf(PROGRAM) }]);
