/** Events as text on the wire: the format of server-sent events. */

/** @param name must be one line, and so is JSON. */
export const frameOf = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** The same with an id, or nothing but an id: it counts without an event too. */
export const withId = (id: string, frame = "\n"): string => `id: ${id}\n${frame}`;

/** What readers skip; it shows that the stream lives, to them and to whatever is between. */
export const KEEPALIVE = ": keepalive\n";
