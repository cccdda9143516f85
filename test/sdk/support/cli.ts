/**
 * The published `@e2b/cli` in a folder of its own, with a lockfile of its own (`../cli`): its hundred packages
 * are no business of this project's developers, and a tool that users install globally is used so.
 */
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";

import { waitFor } from "../../support/wait-for.ts";
import type { Urls } from "./combinations.ts";
import { baseEnvironment, type Runtime } from "./runtimes.ts";
import type { Stage } from "./stage.ts";

const LOCKED = join(import.meta.dir, "..", "cli");
const INSTALL_MS = 300_000;
const RUN_MS = 60_000;

export interface CliResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A command with a terminal before it, as a person has it. */
export class CliTerminal {
  screen = "";

  constructor(private readonly child: Bun.Subprocess) {}

  type(text: string): void {
    this.child.terminal?.write(text);
  }

  async shows(words: string): Promise<void> {
    await waitFor(`the terminal shows ${words}`, () => this.screen.includes(words), RUN_MS).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it shows ${JSON.stringify(this.screen)}`);
      },
    );
  }

  resize(cols: number, rows: number): void {
    this.child.terminal?.resize(cols, rows);
  }

  /** Its exit code. */
  ended(): Promise<number> {
    return this.child.exited;
  }
}

export class Cli {
  private constructor(
    private readonly stage: Stage,
    private readonly directory: string,
  ) {}

  static async install(stage: Stage): Promise<Cli> {
    const directory = join(stage.workshop.directory, "cli");
    await mkdir(directory);
    for (const name of ["package.json", "bun.lock"]) await cp(join(LOCKED, name), join(directory, name));
    const child = Bun.spawn([process.execPath, "--no-env-file", "install", "--frozen-lockfile"], {
      cwd: directory,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: INSTALL_MS,
    });
    const complaints = await new Response(child.stderr).text();
    if ((await child.exited) !== 0) throw new Error(`@e2b/cli cannot be installed: ${complaints}`);
    return new Cli(stage, directory);
  }

  async run(runtime: Runtime, urls: Urls, args: string[], stdin = ""): Promise<CliResult> {
    const child = Bun.spawn(this.#argv(runtime, urls, args), {
      cwd: this.directory,
      env: this.#environment(runtime, urls),
      stdin: stdin === "" ? "ignore" : new Blob([stdin]),
      stdout: "pipe",
      stderr: "pipe",
      timeout: RUN_MS,
    });
    const [stdout, stderr, exitCode] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { exitCode, stdout, stderr };
  }

  /** What it prints; throws when it fails. */
  async ok(runtime: Runtime, urls: Urls, args: string[], stdin = ""): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(runtime, urls, args, stdin);
    if (exitCode === 0) return stdout;
    throw new Error(`e2b ${args.join(" ")}: exit code ${exitCode}: ${stdout}${stderr}`);
  }

  open(runtime: Runtime, urls: Urls, args: string[]): CliTerminal {
    const decoder = new TextDecoder();
    const child = Bun.spawn(this.#argv(runtime, urls, args), {
      cwd: this.directory,
      env: { ...this.#environment(runtime, urls), TERM: "xterm-256color" },
      terminal: {
        cols: 100,
        rows: 30,
        data: (_terminal, bytes) => {
          terminal.screen += decoder.decode(bytes, { stream: true });
        },
      },
      timeout: 2 * RUN_MS,
    });
    const terminal = new CliTerminal(child);
    return terminal;
  }

  #argv({ executable, flags, name }: Runtime, urls: Urls, args: string[]): string[] {
    const preload = name === "Node" && urls === "tls" ? ["--import", this.stage.workshop.loopbackNames] : [];
    const program = join(this.directory, "node_modules", "@e2b", "cli", "dist", "index.js");
    return [executable, ...flags, ...preload, program, ...args];
  }

  #environment({ executable }: Runtime, urls: Urls): Record<string, string> {
    // Its settings are looked for at home: a person's own must not come in.
    return {
      ...baseEnvironment(executable),
      HOME: this.directory,
      ...this.stage.environment(urls),
      NO_COLOR: "1",
    };
  }
}
