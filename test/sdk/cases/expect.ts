/** Assertions that several cases share. */
import assert from "node:assert/strict";

type ErrorClass = abstract new (...args: never[]) => Error;

/** The promise is rejected with exactly this kind of error; gives it for a closer look. */
export const fails = async <T extends ErrorClass>(
  promise: Promise<unknown>,
  kind: T,
  words: RegExp = /./,
): Promise<InstanceType<T>> => {
  const error = await promise.then(
    (value) => assert.fail(`it went well: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof kind)) throw new Error(`expected ${kind.name}`, { cause: error });
  assert.match(error.message, words);
  return error as InstanceType<T>;
};

/** Every byte there is, in an order that no text encoding survives. */
export const allBytes = (): Uint8Array => Uint8Array.from({ length: 1_024 }, (_, index) => (index * 7) % 256);

export const asArrayBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** What lies between quotes of a shell for this text. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
