/** How much goes through a sandbox in a test: a tenth of what must hold, and all of it in `bun run soak`. */
const isSoak = process.env["WRENN_TEST_SOAK"] === "1";

export const SIZES = isSoak
  ? { fileMb: 1_000, outputMb: 100, commands: 5_000, idleMs: 600_000 }
  : { fileMb: 100, outputMb: 10, commands: 500, idleMs: 5_000 };
