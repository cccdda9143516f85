/** A name nobody else has. Not `crypto.randomUUID`: browsers keep that for secure pages. */

const BYTES = 16;

export const randomName = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(BYTES)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
