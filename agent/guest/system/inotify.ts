/** inotify(7): one kernel queue of file events, decoded. */
import { closeSync } from "node:fs";

import { check, libc } from "./libc.ts";

export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_Q_OVERFLOW = 0x4000;
export const IN_IGNORED = 0x8000;
export const IN_ISDIR = 0x4000_0000;

const WATCHED =
  IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;
const IN_ONLYDIR = 0x0100_0000;
const IN_DONT_FOLLOW = 0x0200_0000;
const IN_EXCL_UNLINK = 0x0400_0000;
const IN_CLOEXEC = 0o2000000;
const IN_NONBLOCK = 0o4000;

const HEADER_BYTES = 16;

export interface InotifyEvent {
  watch: number;
  mask: number;
  /** Empty when the watched directory itself is meant. */
  name: string;
}

const decoder = new TextDecoder();

/** Events of one read(2); the kernel never splits one. */
export const decodeEvents = (bytes: Uint8Array): InotifyEvent[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: InotifyEvent[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.byteLength;) {
    const nameBytes = view.getUint32(at + 12, true);
    const start = at + HEADER_BYTES;
    const padded = bytes.subarray(start, start + nameBytes);
    const end = padded.indexOf(0);
    events.push({
      watch: view.getInt32(at, true),
      mask: view.getUint32(at + 4, true),
      name: decoder.decode(end === -1 ? padded : padded.subarray(0, end)),
    });
    at = start + nameBytes;
  }
  return events;
};

export class Inotify {
  readonly #fd = check("inotify_init1", libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  readonly #reader = Bun.file(this.#fd).stream().getReader();
  #closed = false;

  /** Watches one directory; synchronous, so that it can run with a user's rights. Throws `SystemCallFailed`. */
  add(directory: string, options: { follow: boolean }): number {
    const mask = WATCHED | IN_ONLYDIR | IN_EXCL_UNLINK | (options.follow ? 0 : IN_DONT_FOLLOW);
    return check("inotify_add_watch", libc.inotify_add_watch(this.#fd, directory, mask));
  }

  remove(watch: number): void {
    libc.inotify_rm_watch(this.#fd, watch);
  }

  /** The next events; null after `close`. */
  async read(): Promise<InotifyEvent[] | null> {
    const { done, value } = await this.#reader.read();
    return done ? null : decodeEvents(value);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Given a number, Bun leaves closing it to us; its own work on the descriptor must end before.
    void this.#reader
      .cancel()
      .catch(() => {})
      .finally(() => closeSync(this.#fd));
  }
}
