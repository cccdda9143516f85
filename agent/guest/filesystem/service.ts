/** `filesystem.Filesystem`: files and watches with the user's rights. Thin: decode, act, encode. */
import { lstatSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";

import type {
  CreateWatcherRequest,
  Filesystem,
  ListDirRequest,
  WatchDirRequest,
  WatchDirResponseSchema,
} from "../../../proto/gen/filesystem/filesystem_pb.ts";
import { errnoOf, pathError } from "../errors.ts";
import { resolvePath } from "../paths.ts";
import { keepaliveMs } from "../process/events.ts";
import type { SandboxSettings } from "../settings.ts";
import { asUser } from "../system/credentials.ts";
import type { User } from "../users.ts";
import { type EntryInit, readEntry } from "./entry.ts";
import { openWatch } from "./open-watch.ts";
import { listTree, makeDirectories, MAX_LISTED_ENTRIES, removeTree, TooManyEntries } from "./tree.ts";
import { watchEvents, type WatchOptions } from "./watch.ts";
import { WatcherTable } from "./watchers.ts";

/** Deeper trees exist only by loops of mounts; the kernel's own limit on a path is below this. */
const MAX_DEPTH = 4_096;

export class FilesystemService {
  readonly #watchers = new WatcherTable();

  constructor(private readonly settings: SandboxSettings) {}

  #locate(path: string, headers: Headers): { user: User; path: string } {
    const user = this.settings.users.ofRequest(headers);
    return { user, path: resolvePath(path, { user, workdir: this.settings.workdir }) };
  }

  /** Runs file calls as the user and tells their failures about `path`. */
  #act<T>(user: User, path: string, action: () => T extends PromiseLike<unknown> ? never : T): T {
    try {
      return asUser(user, action);
    } catch (error) {
      throw pathError(error, path);
    }
  }

  #entry(user: User, path: string): EntryInit {
    return this.#act(user, path, () => readEntry(path, this.settings.users));
  }

  readonly handlers: ServiceImpl<typeof Filesystem> = {
    stat: (request, { requestHeader }) => {
      const { user, path } = this.#locate(request.path, requestHeader);
      return { entry: this.#entry(user, path) };
    },
    makeDir: (request, { requestHeader }) => {
      const { user, path } = this.#locate(request.path, requestHeader);
      this.#makeDir(user, path);
      return { entry: this.#entry(user, path) };
    },
    move: (request, { requestHeader }) => {
      const { user, path: source } = this.#locate(request.source, requestHeader);
      const { path: destination } = this.#locate(request.destination, requestHeader);
      this.#act(user, source, () => {
        lstatSync(source);
      });
      this.#act(user, destination, () => {
        makeDirectories(dirname(destination));
        renameSync(source, destination);
      });
      return { entry: this.#entry(user, destination) };
    },
    listDir: (request, context) => this.#listDir(request, context),
    remove: async (request, { requestHeader, signal }) => {
      const { user, path } = this.#locate(request.path, requestHeader);
      if (path === "/") throw new ConnectError("'/' cannot be removed", Code.InvalidArgument);
      try {
        await removeTree(path, user, signal);
      } catch (error) {
        throw pathError(error, path);
      }
      return {};
    },
    watchDir: (request, context) => this.#watchDir(request, context),
    createWatcher: async (request, { requestHeader }) => {
      const watch = await openWatch(this.#watchOptions(request, requestHeader));
      return { watcherId: this.#watchers.add(watch) };
    },
    getWatcherEvents: ({ watcherId }) => ({ events: this.#watchers.takeEvents(watcherId) }),
    removeWatcher: ({ watcherId }) => {
      this.#watchers.remove(watcherId);
      return {};
    },
  };

  #makeDir(user: User, path: string): void {
    this.#act(user, path, () => {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory())
        throw new ConnectError(`directory '${path}' already exists`, Code.AlreadyExists);
      if (found !== undefined)
        throw new ConnectError(`'${path}' exists and is not a directory`, Code.InvalidArgument);
      makeDirectories(path);
    });
  }

  async #listDir(
    request: ListDirRequest,
    { requestHeader, signal }: HandlerContext,
  ): Promise<{ entries: EntryInit[] }> {
    const { user, path: root } = this.#locate(request.path, requestHeader);
    const depth = Math.min(request.depth || 1, MAX_DEPTH);
    try {
      return { entries: await listTree({ root, depth, user, users: this.settings.users, signal }) };
    } catch (error) {
      if (error instanceof TooManyEntries) {
        const reason = `'${root}' has more than ${MAX_LISTED_ENTRIES} entries: list it with a smaller depth`;
        throw new ConnectError(reason, Code.ResourceExhausted);
      }
      if (errnoOf(error) === "ENOTDIR")
        throw new ConnectError(`'${root}' is not a directory`, Code.InvalidArgument);
      throw pathError(error, root);
    }
  }

  #watchOptions(request: WatchDirRequest | CreateWatcherRequest, headers: Headers): WatchOptions {
    const { user, path: root } = this.#locate(request.path, headers);
    const { recursive, includeEntry, allowNetworkMounts } = request;
    return { root, user, users: this.settings.users, recursive, includeEntry, allowNetworkMounts };
  }

  async *#watchDir(
    request: WatchDirRequest,
    { requestHeader, signal }: HandlerContext,
  ): AsyncGenerator<MessageInitShape<typeof WatchDirResponseSchema>, void, void> {
    const watch = await openWatch(this.#watchOptions(request, requestHeader));
    const stream = this.settings.streams.open(signal);
    // Also when nobody pulls this generator any more.
    stream.signal.addEventListener("abort", () => watch.close());
    try {
      yield { event: { case: "start", value: {} } };
      const options = { keepaliveMs: keepaliveMs(requestHeader), signal: stream.signal };
      for await (const event of watchEvents(watch, options)) {
        yield event === null
          ? { event: { case: "keepalive", value: {} } }
          : { event: { case: "filesystem", value: event } };
      }
      stream.throwIfLate();
    } finally {
      stream.close();
      watch.close();
    }
  }
}
