/** `sandbox.pty`: terminals. */
import assert from "node:assert/strict";

import { type Case, everywhere, inFull } from "../program/case.ts";
import type { Sandbox } from "../program/sdk.ts";
import { until } from "../program/until.ts";
import { fails } from "./expect.ts";

const SIZE = { cols: 80, rows: 24 };

/** Bash no longer asks for pasted text to be marked: it has taken a line. */
const ACCEPTED = "\u001b[?2004l";

type PtyOptions = Partial<Parameters<Sandbox["pty"]["create"]>[0]>;

/** A terminal and all that it showed. */
const open = async ({ pty }: Sandbox, options: PtyOptions = {}) => {
  const screen = { text: "" };
  const decoder = new TextDecoder();
  const show = (data: Uint8Array): void => {
    screen.text += decoder.decode(data, { stream: true });
  };
  const handle = await pty.create({ ...SIZE, onData: show, timeoutMs: 0, ...options });
  const type = (text: string): Promise<void> => pty.sendInput(handle.pid, new TextEncoder().encode(text));
  /** @param after what comes before that, somewhere */
  const shows = (words: string, after = ""): Promise<void> => {
    const isShown = (): boolean => {
      const from = screen.text.indexOf(after);
      return from >= 0 && screen.text.includes(words, from + after.length);
    };
    return until(`the terminal shows ${words}`, isShown).catch((error: Error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify(screen.text)}`);
    });
  };
  return { handle, screen, type, shows, pid: handle.pid };
};

export const PTY: Case[] = [
  everywhere("pty: type, read, leave", async (sdk, world) => {
    const terminal = await open(await world.sandbox());
    await terminal.type("echo $((6 * 7)) 😀 $(tty)\n");
    await terminal.shows("42 😀 /dev/pts/");
    await terminal.type("exit 5\n");
    const error = await fails(terminal.handle.wait(), sdk.CommandExitError);
    assert.equal(error.exitCode, 5);
  }),

  everywhere("pty: resize", async (_sdk, world) => {
    const sandbox = await world.sandbox();
    const terminal = await open(sandbox);
    await terminal.type("stty size\n");
    await terminal.shows("24 80");
    await sandbox.pty.resize(terminal.pid, { cols: 132, rows: 50 });
    await terminal.type("stty size\n");
    await terminal.shows("50 132");
    assert.equal(await sandbox.pty.kill(terminal.pid), true);
  }),

  inFull("pty: kill", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const terminal = await open(sandbox);
    assert.ok((await sandbox.commands.list()).some(({ pid }) => pid === terminal.pid));
    assert.equal(await sandbox.pty.kill(terminal.pid), true);
    await fails(terminal.handle.wait(), sdk.CommandExitError);
    assert.equal(await sandbox.pty.kill(terminal.pid), false);
  }),

  inFull("pty: leave it and come back", async (_sdk, world) => {
    const sandbox = await world.sandbox();
    const terminal = await open(sandbox);
    await terminal.type("HERE=before\n");
    await terminal.shows("HERE=before");
    await terminal.handle.disconnect();
    let heard = "";
    const again = await sandbox.pty.connect(terminal.pid, {
      onData: (data) => void (heard += new TextDecoder().decode(data)),
    });
    await terminal.type("echo still-$HERE\n");
    await until("it goes on", () => heard.includes("still-before"));
    assert.equal(await again.kill(), true);
  }),

  inFull("pty: user, folder, environment, kind of terminal", async (_sdk, world) => {
    const terminal = await open(await world.sandbox(), {
      user: "root",
      cwd: "/tmp",
      envs: { COLOUR: "red" },
    });
    await terminal.type('echo "<$(whoami) $PWD $COLOUR $TERM>"\n');
    await terminal.shows("<root /tmp red xterm-256color>");
    assert.equal(await terminal.handle.kill(), true);
  }),

  inFull("pty: Ctrl-C interrupts, Ctrl-D ends", async (_sdk, world) => {
    const terminal = await open(await world.sandbox());
    await terminal.type("PS1='rea''dy> '\n");
    await terminal.shows("ready> ");
    await terminal.type("sleep 300\n");
    await terminal.shows(ACCEPTED, "ready> sleep 300");
    await terminal.type("\u0003");
    // What is typed before the shell listens again, the interrupt takes with it.
    await terminal.shows("ready> ", "^C");
    await terminal.type('echo "interrupted: $?"\n');
    await terminal.shows("interrupted: 130");
    // The shell leaves with what ran last, an echo that worked.
    await terminal.type("\u0004");
    assert.equal((await terminal.handle.wait()).exitCode, 0);
  }),

  inFull("pty: none of that name", async (sdk, world) => {
    const { pty } = await world.sandbox();
    await fails(pty.sendInput(999_999, new Uint8Array([10])), sdk.NotFoundError);
    await fails(pty.resize(999_999, SIZE), sdk.NotFoundError);
    await fails(pty.connect(999_999, { onData: () => {} }), sdk.NotFoundError);
    assert.equal(await pty.kill(999_999), false);
  }),

  inFull("pty: a time limit ends it", async (sdk, world) => {
    const terminal = await open(await world.sandbox(), { timeoutMs: 1_500 });
    await fails(terminal.handle.wait(), sdk.TimeoutError);
  }),
];
