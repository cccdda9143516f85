/** Something that works by itself between requests. */
export interface BackgroundJob {
  start(): void;
  /** Resolves when its last round is over. */
  stop(): Promise<void>;
}
