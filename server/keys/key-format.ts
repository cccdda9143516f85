/** The form of API keys: `wrn_` and 32 hex digits; `e2b_` before the same digits is the same key. */
import { randomHex, sha256 } from "../auth/secrets.ts";

const KEY = /^(?:wrn|e2b)_([0-9a-f]{32})$/;
const SHOWN_LENGTH = "wrn_".length + 6;

export interface NewKey {
  /** Shown once. */
  text: string;
  hash: Buffer;
  /** What lists show of it. */
  prefix: string;
}

export const newKey = (): NewKey => {
  const text = `wrn_${randomHex(16)}`;
  return { text, hash: sha256(text), prefix: text.slice(0, SHOWN_LENGTH) };
};

/** What is stored of a key, or null when `text` cannot be one. */
export const hashKey = (text: string): Buffer | null => {
  const digits = KEY.exec(text)?.[1];
  return digits === undefined ? null : sha256(`wrn_${digits}`);
};
