/** Content coding of downloads by Accept-Encoding (RFC 9110, 12.5.3): gzip, as it is, or neither allowed. */

export type Coding = "gzip" | "identity";

const weightOf = (parameters: string[]): number => {
  const q = parameters
    .map((part) => part.trim().match(/^q *= *([\d.]+)$/i)?.[1])
    .find((value) => value !== undefined);
  return q === undefined ? 1 : Number(q);
};

/** The coding to use; null: 406. Without the header, and for an equal wish, the bytes as they are. */
export const chooseCoding = (header: string | null): Coding | null => {
  if (header === null) return "identity";
  const weights = new Map<string, number>();
  for (const part of header.split(",")) {
    const [name = "", ...parameters] = part.split(";");
    if (name.trim() !== "") weights.set(name.trim().toLowerCase(), weightOf(parameters));
  }
  const any = weights.get("*");
  const gzip = weights.get("gzip") ?? weights.get("x-gzip") ?? any ?? 0;
  // Identity needs no mention; only an explicit 0, its own or the star's, forbids it.
  const identity = weights.get("identity") ?? (any === 0 ? 0 : 1);
  if (gzip > 0 && (weights.get("identity") ?? 0) <= gzip) return "gzip";
  return identity > 0 ? "identity" : null;
};
