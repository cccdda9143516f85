/** Ids as clients write them. */
import { invalidRequest } from "../errors.ts";

/** The bare UUID of `text`; 400 naming `field` when it is not an id of this kind (`team-…`). */
export const readId = (parse: (text: string) => string | null, field: string, text: string): string => {
  const id = parse(text);
  if (id === null) throw invalidRequest(field, "id", `${field}: this is not an id of that kind.`);
  return id;
};
