/** Range and conditional requests of RFC 9110, for one file. */

export interface ByteRange {
  start: number;
  /** Inclusive. */
  end: number;
}

/**
 * The one range asked for of `size` bytes. `null`: none, or a form that is answered with the whole
 * (several ranges, another unit, nonsense); `unsatisfiable`: 416.
 */
export const parseRange = (header: string | null, size: number): ByteRange | "unsatisfiable" | null => {
  const match = header?.trim().match(/^bytes *= *(\d*) *- *(\d*)$/i);
  const [, first = "", last = ""] = match ?? [];
  if (match === null || match === undefined || (first === "" && last === "")) return null;
  if (first === "") {
    const suffix = Number(last);
    if (suffix === 0 || size === 0) return "unsatisfiable";
    return { start: Math.max(0, size - suffix), end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return null;
  return start >= size ? "unsatisfiable" : { start, end };
};

export interface Validators {
  etag: string;
  /** Whole seconds, as HTTP dates have. */
  modifiedMs: number;
}

const matchesTag = (header: string, etag: string): boolean =>
  header.trim() === "*" ||
  header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag.replace(/^W\//, ""));

const dateMs = (header: string | null): number | null => {
  const ms = Date.parse(header ?? "");
  return Number.isNaN(ms) ? null : ms;
};

/** 304 or 412 when the request's conditions say so, else null. The order is RFC 9110's (13.2.2). */
export const conditionStatus = (headers: Headers, { etag, modifiedMs }: Validators): 304 | 412 | null => {
  const ifMatch = headers.get("if-match");
  const unmodifiedSince = dateMs(headers.get("if-unmodified-since"));
  if (ifMatch !== null) {
    if (!matchesTag(ifMatch, etag)) return 412;
  } else if (unmodifiedSince !== null && modifiedMs > unmodifiedSince) {
    return 412;
  }
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) return matchesTag(ifNoneMatch, etag) ? 304 : null;
  const modifiedSince = dateMs(headers.get("if-modified-since"));
  return modifiedSince !== null && modifiedMs <= modifiedSince ? 304 : null;
};

/** False when If-Range names another version: then the whole file is due. */
export const rangeStillValid = (headers: Headers, { etag, modifiedMs }: Validators): boolean => {
  const header = headers.get("if-range");
  if (header === null) return true;
  if (header.startsWith('"')) return header === etag;
  return dateMs(header) === modifiedMs;
};
