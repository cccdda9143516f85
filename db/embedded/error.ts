/** Something on this machine keeps the embedded database from running; the message says what to do. */
export class EmbeddedDatabaseError extends Error {
  override name = "EmbeddedDatabaseError";
}
