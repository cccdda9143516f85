/** Files and watches of a real guest agent: shapes, errors, and each user's own rights. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { Code, ConnectError } from "@connectrpc/connect";

import { EventType, type FilesystemEvent, FileType } from "../../proto/gen/filesystem/filesystem_pb.ts";
import { shell, until } from "./commands.ts";
import {
  canRunGuestAgent,
  EXTRA_GROUP,
  type GuestAgent,
  OTHER,
  startGuestAgent,
  USER,
} from "./guest-agent.ts";

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return "no error";
  } catch (error) {
    return error instanceof ConnectError ? (Code[error.code] ?? "") : String(error);
  }
};

describe.skipIf(!canRunGuestAgent)("files in a guest agent", () => {
  let agent: GuestAgent;
  const inside = async (line: string, user: string = USER.name): Promise<string> => {
    const { stdout, stderr, exitCode } = await shell(agent.process(user), line);
    if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
    return stdout;
  };
  beforeAll(async () => {
    agent = await startGuestAgent();
  });
  afterAll(() => agent?.stop());

  describe("Stat", () => {
    test("a file", async () => {
      await inside("printf hello > f && chmod 0640 f && touch -d '2020-01-02 03:04:05.5 UTC' f");
      const { entry } = await agent.filesystem().stat({ path: "f" });
      expect(entry).toMatchObject({
        name: "f",
        type: FileType.FILE,
        path: `${USER.home}/f`,
        size: 5n,
        mode: 0o640,
        permissions: "-rw-r-----",
        owner: USER.name,
        group: USER.name,
        metadata: {},
      });
      expect(entry?.symlinkTarget).toBeUndefined();
      expect(entry?.modifiedTime).toMatchObject({ seconds: 1_577_934_245n, nanos: 500_000_000 });
    });

    test("a directory, and one with the sticky bit", async () => {
      await inside("mkdir -p d && chmod 0755 d && mkdir -p s && chmod 1777 s");
      expect((await agent.filesystem().stat({ path: "~/d" })).entry).toMatchObject({
        type: FileType.DIRECTORY,
        permissions: "drwxr-xr-x",
      });
      expect((await agent.filesystem().stat({ path: "s" })).entry?.permissions).toBe("dtrwxrwxrwx");
    });

    test("a link shows itself, with type, mode and resolved path of its target", async () => {
      await inside("ln -sfn d link; ln -sfn link twice; ln -sfn nowhere broken; ln -sfn f file-link");
      const { entry } = await agent.filesystem().stat({ path: "link" });
      expect(entry).toMatchObject({
        type: FileType.DIRECTORY,
        symlinkTarget: `${USER.home}/d`,
        mode: 0o755,
        name: "link",
        permissions: "Lrwxrwxrwx",
      });
      expect((await agent.filesystem().stat({ path: "twice" })).entry?.symlinkTarget).toBe(`${USER.home}/d`);
      expect((await agent.filesystem().stat({ path: "file-link" })).entry?.type).toBe(FileType.FILE);
      expect((await agent.filesystem().stat({ path: "broken" })).entry).toMatchObject({
        type: FileType.UNSPECIFIED,
        symlinkTarget: `${USER.home}/broken`,
        mode: 0,
      });
    });

    test("errors", async () => {
      expect(await codeOf(agent.filesystem().stat({ path: "missing" }))).toBe("NotFound");
      expect(await codeOf(agent.filesystem().stat({ path: "f/below" }))).toBe("InvalidArgument");
      expect(await codeOf(agent.filesystem().stat({ path: "a\0b" }))).toBe("InvalidArgument");
      expect(await codeOf(agent.filesystem().stat({ path: "x".repeat(300) }))).toBe("InvalidArgument");
      expect(await codeOf(agent.filesystem("nobody-here").stat({ path: "/" }))).toBe("Unauthenticated");
    });
  });

  describe("MakeDir, Move, Remove", () => {
    test("directories are made with their parents and belong to the user", async () => {
      const { entry } = await agent.filesystem().makeDir({ path: "m/a/b" });
      expect(entry).toMatchObject({
        path: `${USER.home}/m/a/b`,
        owner: USER.name,
        permissions: "drwxr-xr-x",
      });
      expect(await inside("stat -c %U m m/a")).toBe(`${USER.name}\n${USER.name}\n`);
      expect(await codeOf(agent.filesystem().makeDir({ path: "m/a" }))).toBe("AlreadyExists");
      await inside("touch plain");
      expect(await codeOf(agent.filesystem().makeDir({ path: "plain" }))).toBe("InvalidArgument");
      expect(await codeOf(agent.filesystem().makeDir({ path: "plain/x" }))).toBe("InvalidArgument");
    });

    test("a move makes the destination's parents", async () => {
      await inside("echo v > source");
      const { entry } = await agent.filesystem().move({ source: "source", destination: "new/place/target" });
      expect(entry).toMatchObject({ name: "target", path: `${USER.home}/new/place/target` });
      expect(await inside("cat new/place/target; ls source 2>/dev/null || echo gone")).toBe("v\ngone\n");
      expect(await codeOf(agent.filesystem().move({ source: "source", destination: "elsewhere/x" }))).toBe(
        "NotFound",
      );
      expect(await inside("ls elsewhere 2>/dev/null || echo untouched")).toBe("untouched\n");
    });

    test("a removal takes all below, follows no link, and succeeds on nothing", async () => {
      await inside("mkdir -p r/1/2/3 keep && touch r/1/x r/1/2/3/y keep/me && ln -s ../../keep r/1/link");
      await agent.filesystem().remove({ path: "r" });
      await agent.filesystem().remove({ path: "r" });
      expect(await inside("ls keep; ls -d r 2>/dev/null || echo gone")).toBe("me\ngone\n");
      expect(await codeOf(agent.filesystem("root").remove({ path: "/" }))).toBe("InvalidArgument");
    });

    test("a removal takes files whose names are not UTF-8", async () => {
      await inside(
        `mkdir -p odd/deep && touch "odd/$(printf 'a\\377b')" "odd/deep/$(printf '\\200')" odd/ok`,
      );
      await agent.filesystem().remove({ path: "odd" });
      await inside("test ! -e odd");
    });

    test("2,000 files go while other requests are answered", async () => {
      await inside("mkdir many && cd many && seq 1 2000 | xargs touch");
      const removal = agent.filesystem().remove({ path: "many" });
      await agent.filesystem().stat({ path: "/" });
      await removal;
      expect(await codeOf(agent.filesystem().stat({ path: "many" }))).toBe("NotFound");
    }, 20_000);
  });

  describe("ListDir", () => {
    const names = async (path: string, depth: number): Promise<string[]> =>
      (await agent.filesystem().listDir({ path, depth })).entries.map((entry) =>
        entry.path.slice(`${USER.home}/`.length),
      );

    test("lexical, depth first, links not entered; depth 0 means 1", async () => {
      await inside("mkdir -p l/b/deep/er l/a && touch l/c l/a/z l/b/y l/b/deep/w l/B && ln -s b l/link");
      expect(await names("l", 0)).toEqual(["l/B", "l/a", "l/b", "l/c", "l/link"]);
      expect(await names("l", 1)).toEqual(await names("l", 0));
      expect(await names("l", 2)).toEqual([
        "l/B",
        "l/a",
        "l/a/z",
        "l/b",
        "l/b/deep",
        "l/b/y",
        "l/c",
        "l/link",
      ]);
      expect(await names("l", 1_000_000)).toContain("l/b/deep/er");
    });

    test("errors", async () => {
      expect(await codeOf(agent.filesystem().listDir({ path: "missing" }))).toBe("NotFound");
      await inside("touch lf");
      expect(await codeOf(agent.filesystem().listDir({ path: "lf" }))).toBe("InvalidArgument");
    });
  });

  describe("rights are the user's own", () => {
    test("nothing of another user's private home can be seen or changed", async () => {
      await inside("echo secret > private && mkdir -p dir && touch dir/x", OTHER.name);
      const files = agent.filesystem(USER.name);
      const path = `${OTHER.home}/private`;
      expect(await codeOf(files.stat({ path }))).toBe("PermissionDenied");
      expect(await codeOf(files.listDir({ path: OTHER.home }))).toBe("PermissionDenied");
      expect(await codeOf(files.makeDir({ path: `${OTHER.home}/new` }))).toBe("PermissionDenied");
      expect(await codeOf(files.move({ source: path, destination: "mine" }))).toBe("PermissionDenied");
      expect(await codeOf(files.remove({ path: `${OTHER.home}/dir` }))).toBe("PermissionDenied");
      expect(await codeOf(files.watchDir({ path: OTHER.home })[Symbol.asyncIterator]().next())).toBe(
        "PermissionDenied",
      );
      expect(await codeOf(files.createWatcher({ path: OTHER.home }))).toBe("PermissionDenied");
      expect(await inside(`ls ${OTHER.home}; cat ${path}`, OTHER.name)).toBe("dir\nprivate\nsecret\n");
      expect((await agent.filesystem("root").stat({ path })).entry?.owner).toBe(OTHER.name);
    });

    test("a link into another's home opens nothing", async () => {
      await inside(`ln -sfn ${OTHER.home} into`);
      expect(await codeOf(agent.filesystem().listDir({ path: "into" }))).toBe("PermissionDenied");
    });

    test("system directories are read-only for a user, a supplementary group counts", async () => {
      expect(await codeOf(agent.filesystem().makeDir({ path: "/etc/mine" }))).toBe("PermissionDenied");
      expect(await codeOf(agent.filesystem().remove({ path: "/etc/passwd" }))).toBe("PermissionDenied");
      await inside(
        `mkdir -p /run/shared && chgrp ${EXTRA_GROUP.name} /run/shared && chmod 2770 /run/shared`,
        "root",
      );
      expect((await agent.filesystem(USER.name).makeDir({ path: "/run/shared/x" })).entry?.group).toBe(
        EXTRA_GROUP.name,
      );
      expect(await codeOf(agent.filesystem(OTHER.name).listDir({ path: "/run/shared" }))).toBe(
        "PermissionDenied",
      );
    });

    test("two users at the same time keep their own", async () => {
      const make = (user: string) =>
        Promise.all(
          Array.from({ length: 100 }, (_, index) => agent.filesystem(user).makeDir({ path: `p/${index}` })),
        );
      await Promise.all([make(USER.name), make(OTHER.name), make("root")]);
      for (const { name } of [USER, OTHER])
        expect((await inside("stat -c %U p p/* | sort -u", name)).trim()).toBe(name);
      await inside("rm -r /root/p", "root");
    });
  });

  describe("watches", () => {
    /** Collects events in the background; `stop` ends the stream. */
    const watch = async (path: string, options: { recursive?: boolean; includeEntry?: boolean } = {}) => {
      const controller = new AbortController();
      const seen: FilesystemEvent[] = [];
      const started = Promise.withResolvers<void>();
      const done = (async () => {
        for await (const { event } of agent
          .filesystem()
          .watchDir({ path, ...options }, { signal: controller.signal })) {
          if (event.case === "start") started.resolve();
          if (event.case === "filesystem") seen.push(event.value);
        }
      })().catch((error: unknown) => {
        started.reject(error);
      });
      await started.promise;
      const has = (name: string, type: EventType): boolean =>
        seen.some((event) => event.name === name && event.type === type);
      const sees = (name: string, type: EventType): Promise<void> =>
        until(`${EventType[type]} ${name}`, () => has(name, type));
      const stop = async (): Promise<void> => {
        controller.abort();
        await done;
      };
      return { seen, has, sees, stop };
    };

    test("every kind of event, with the name relative to the directory", async () => {
      await inside("mkdir -p w && touch w/old");
      const watching = await watch("w", { includeEntry: true });
      await inside("echo x > w/new; echo y >> w/old; chmod 600 w/old; mv w/old w/moved; rm w/new");
      await watching.sees("new", EventType.CREATE);
      await watching.sees("old", EventType.WRITE);
      await watching.sees("old", EventType.CHMOD);
      await watching.sees("old", EventType.RENAME);
      await watching.sees("moved", EventType.CREATE);
      await watching.sees("new", EventType.REMOVE);
      expect(watching.seen.find(({ name }) => name === "moved")?.entry).toMatchObject({
        path: `${USER.home}/w/moved`,
        owner: USER.name,
      });
      await watching.stop();
    });

    test("not recursive: nothing from below", async () => {
      await inside("mkdir -p flat/sub");
      const watching = await watch("flat");
      await inside("touch flat/sub/x; touch flat/end");
      await watching.sees("end", EventType.CREATE);
      expect(watching.seen.filter(({ name }) => name.startsWith("sub/"))).toEqual([]);
      expect(watching.seen.every(({ entry }) => entry === undefined)).toBe(true);
      await watching.stop();
    });

    test("recursive follows new directories and tells what was made in them at once", async () => {
      await inside("mkdir -p deep/a");
      const watching = await watch("deep", { recursive: true });
      await inside("mkdir -p deep/a/b/c/d && touch deep/a/b/c/d/early");
      await watching.sees("a/b/c/d/early", EventType.CREATE);
      await inside("echo late > deep/a/b/c/d/late");
      await watching.sees("a/b/c/d/late", EventType.WRITE);
      await inside("mv deep/a/b deep/z && echo again > deep/z/c/d/late");
      await watching.sees("z/c/d/late", EventType.WRITE);
      expect(watching.has("a/b/c/d/late", EventType.CREATE)).toBe(true);
      await watching.stop();
    });

    test("signs of life come while nothing happens", async () => {
      const controller = new AbortController();
      const headers = { "keepalive-ping-interval": "0.1" };
      await inside("mkdir -p quiet");
      const events = agent.filesystem().watchDir({ path: "quiet" }, { headers, signal: controller.signal });
      const seen: (string | undefined)[] = [];
      for await (const { event } of events) {
        seen.push(event.case);
        if (seen.length === 4) break;
      }
      controller.abort();
      expect(seen).toEqual(["start", "keepalive", "keepalive", "keepalive"]);
    });

    test("a deadline ends the stream, and says so", async () => {
      const events = agent.filesystem().watchDir({ path: "." }, { headers: { "connect-timeout-ms": "200" } });
      const seen: (string | undefined)[] = [];
      const readAll = async (): Promise<void> => {
        for await (const { event } of events) seen.push(event.case);
      };
      expect(await codeOf(readAll())).toBe("DeadlineExceeded");
      expect(seen[0]).toBe("start");
    });

    test("the polling form", async () => {
      await inside("mkdir -p polled");
      const files = agent.filesystem();
      const { watcherId } = await files.createWatcher({ path: "polled" });
      expect((await files.getWatcherEvents({ watcherId })).events).toEqual([]);
      await inside("echo 1 > polled/one");
      const found: string[] = [];
      await until("both events", async () => {
        for (const { name, type } of (await files.getWatcherEvents({ watcherId })).events)
          found.push(`${EventType[type]} ${name}`);
        return found.includes("CREATE one") && found.includes("WRITE one");
      });
      await files.removeWatcher({ watcherId });
      expect(await codeOf(files.getWatcherEvents({ watcherId }))).toBe("NotFound");
      expect(await codeOf(files.removeWatcher({ watcherId }))).toBe("NotFound");
    });

    test("what cannot be watched", async () => {
      await inside("touch wf");
      expect(await codeOf(agent.filesystem().createWatcher({ path: "missing" }))).toBe("NotFound");
      expect(await codeOf(agent.filesystem().createWatcher({ path: "wf" }))).toBe("InvalidArgument");
    });

    test("200 watches one after the other leave no descriptor, too many at once are refused", async () => {
      const count = async (): Promise<number> =>
        Number(await inside("ls /proc/$(cat /run/agent.pid)/fd | wc -l", "root"));
      const before = await count();
      for (let index = 0; index < 100; index += 1) {
        const { watcherId } = await agent.filesystem().createWatcher({ path: "." });
        await agent.filesystem().removeWatcher({ watcherId });
        await (await watch(".")).stop();
      }
      await until("descriptors are back", async () => (await count()) <= before + 3);
      const ids: string[] = [];
      let refused = "";
      for (let index = 0; index < 200 && refused === ""; index += 1) {
        try {
          ids.push((await agent.filesystem().createWatcher({ path: "." })).watcherId);
        } catch (error) {
          refused = error instanceof ConnectError ? (Code[error.code] ?? "") : String(error);
        }
      }
      expect(refused).toBe("ResourceExhausted");
      for (const watcherId of ids) await agent.filesystem().removeWatcher({ watcherId });
    });
  });
});
