/** A valid request of every method of the guest agent, about any path, process and program. */
import { create, type DescMessage, type MessageInitShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";

import {
  CreateWatcherRequestSchema,
  GetWatcherEventsRequestSchema,
  ListDirRequestSchema,
  MakeDirRequestSchema,
  MoveRequestSchema,
  RemoveRequestSchema,
  RemoveWatcherRequestSchema,
  StatRequestSchema,
  WatchDirRequestSchema,
} from "../../proto/gen/filesystem/filesystem_pb.ts";
import {
  CloseStdinRequestSchema,
  ConnectRequestSchema,
  ListRequestSchema,
  SendInputRequestSchema,
  SendSignalRequestSchema,
  Signal,
  StartRequestSchema,
  StreamInputRequestSchema,
  UpdateRequestSchema,
} from "../../proto/gen/process/process_pb.ts";
import { OTHER } from "./guest-agent.ts";

/** Outside the user's home, in every way of writing it; what is inside matters to nobody. */
export const path = fc.oneof(
  fc.constantFrom(
    "fuzz/kept",
    "fuzz",
    `${OTHER.home}/secret`,
    `../other/secret`,
    `~/../other/secret`,
    "..%2f..%2fother%2fsecret",
    "/proc/self/environ",
    "/proc/self/root/etc/shadow",
    "/etc/shadow",
    "/root/secret",
    "/",
    "~",
    "~root/secret",
    "",
    "a\0b",
    "fuzz/\u{1f600} \"'\n",
    `fuzz/${"d/".repeat(3_000)}`,
    "n".repeat(5_000),
  ),
  fc.string({ unit: "binary", maxLength: 40 }).map((name) => `fuzz/${name}`),
);

const selector = fc.oneof(
  fc.nat().map((value) => ({ selector: { case: "pid" as const, value } })),
  fc.string({ maxLength: 20 }).map((value) => ({ selector: { case: "tag" as const, value } })),
);
const input = fc.uint8Array({ maxLength: 50 }).map((value) => ({ input: { case: "stdin" as const, value } }));
const size = fc.record({ cols: fc.nat(), rows: fc.nat() });

export interface Call {
  path: string;
  isStream: boolean;
  binary: Uint8Array<ArrayBuffer>;
  json: Uint8Array<ArrayBuffer>;
}

const call = <Schema extends DescMessage>(
  method: string,
  schema: Schema,
  inits: fc.Arbitrary<MessageInitShape<Schema>>,
  isStream = false,
): fc.Arbitrary<Call> =>
  inits.map((init) => {
    const message = create(schema, init);
    return {
      path: `/${method}`,
      isStream,
      binary: toBinary(schema, message),
      json: Buffer.from(toJsonString(schema, message)),
    };
  });

/** Every method. Programs are harmless: what bytes are changed to cannot name others. */
export const calls = fc.oneof(
  call("filesystem.Filesystem/Stat", StatRequestSchema, fc.record({ path })),
  call("filesystem.Filesystem/MakeDir", MakeDirRequestSchema, fc.record({ path })),
  call("filesystem.Filesystem/Move", MoveRequestSchema, fc.record({ source: path, destination: path })),
  call("filesystem.Filesystem/ListDir", ListDirRequestSchema, fc.record({ path, depth: fc.nat({ max: 1 }) })),
  call("filesystem.Filesystem/Remove", RemoveRequestSchema, fc.record({ path })),
  call("filesystem.Filesystem/WatchDir", WatchDirRequestSchema, fc.record({ path }), true),
  call("filesystem.Filesystem/CreateWatcher", CreateWatcherRequestSchema, fc.record({ path })),
  call(
    "filesystem.Filesystem/GetWatcherEvents",
    GetWatcherEventsRequestSchema,
    fc.record({ watcherId: fc.string() }),
  ),
  call(
    "filesystem.Filesystem/RemoveWatcher",
    RemoveWatcherRequestSchema,
    fc.record({ watcherId: fc.string() }),
  ),
  call("process.Process/List", ListRequestSchema, fc.constant({})),
  call(
    "process.Process/Start",
    StartRequestSchema,
    fc.record({
      process: fc.record({
        cmd: fc.constantFrom("true", "/bin/true", "no-such-program", "", "/", "a\0b", "/etc/passwd"),
        args: fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 3 }),
        envs: fc.dictionary(fc.string({ maxLength: 10 }), fc.string({ unit: "binary", maxLength: 10 })),
        cwd: path,
      }),
      pty: fc.option(fc.record({ size }), { nil: undefined }),
      tag: fc.string(),
    }),
    true,
  ),
  call("process.Process/Connect", ConnectRequestSchema, fc.record({ process: selector }), true),
  call(
    "process.Process/Update",
    UpdateRequestSchema,
    fc.record({ process: selector, pty: fc.record({ size }) }),
  ),
  call("process.Process/SendInput", SendInputRequestSchema, fc.record({ process: selector, input })),
  call(
    "process.Process/StreamInput",
    StreamInputRequestSchema,
    input.map((value) => ({ event: { case: "data" as const, value: { input: value } } })),
    true,
  ),
  call(
    "process.Process/SendSignal",
    SendSignalRequestSchema,
    fc.record({ process: selector, signal: fc.constantFrom(Signal.SIGTERM, Signal.UNSPECIFIED) }),
  ),
  call("process.Process/CloseStdin", CloseStdinRequestSchema, fc.record({ process: selector })),
);
