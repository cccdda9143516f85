/** Times as clients write them. Years have four digits: JavaScript writes others as the database does not read them. */
import { invalidRequest } from "../errors.ts";

/** Null when `text` is no time, or one whose year has not four digits. */
export const parseTime = (text: string): Date | null => {
  const time = new Date(text);
  const year = time.getUTCFullYear();
  return year >= 1_000 && year <= 9_999 ? time : null;
};

/** @throws ApiError 400 naming `field`. */
export const readTime = (field: string, text: string): Date => {
  const time = parseTime(text);
  if (time !== null) return time;
  throw invalidRequest(field, "date-time", `${field}: write it as 2026-01-02T03:04:05Z.`);
};
