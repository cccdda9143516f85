/** The program of cases as a child process in one combination, told which case to run next. */
import { ANSWER_MARK, type Instruction, type Outcome, SETTINGS_VARIABLE } from "../program/protocol.ts";
import { type Combination, PACKAGES } from "./combinations.ts";
import { baseEnvironment, type Runtime } from "./runtimes.ts";
import type { Stage } from "./stage.ts";

/** Ends what a case left behind. */
const CLOSE_MS = 20_000;
const KEPT_COMPLAINTS = 4_000;

type Child = Bun.Subprocess<"pipe", "pipe", "pipe">;

interface Program {
  child: Child;
  outcomes: AsyncIterator<Outcome>;
  /** The end of its standard error. */
  complaints(): string;
}

async function* readOutcomes(stream: ReadableStream<Uint8Array>): AsyncGenerator<Outcome> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of stream) {
    const lines = (text + decoder.decode(piece, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith(ANSWER_MARK)) yield JSON.parse(line.slice(ANSWER_MARK.length));
    }
  }
}

export class CaseRunner {
  #program: Program | null = null;

  constructor(
    private readonly stage: Stage,
    private readonly combination: Combination,
    private readonly runtime: Runtime,
  ) {}

  /** Throws what the case threw. One that takes longer ends its program; the next case gets a new one. */
  async run(name: string, timeoutMs: number): Promise<void> {
    this.#program ??= this.#start();
    const { child, outcomes, complaints } = this.#program;
    if (child.exitCode !== null || child.signalCode !== null) {
      this.#program = null;
      throw new Error(`the program ended after the case before ${name}\n${complaints()}`);
    }
    const instruction: Instruction = { run: name };
    await child.stdin.write(`${JSON.stringify(instruction)}\n`);
    await child.stdin.flush();
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(late.resolve, timeoutMs, null);
    const next = await Promise.race([outcomes.next(), late.promise]);
    clearTimeout(timer);
    if (next === null || next.done === true) {
      await this.#end();
      const why = next === null ? `not within ${timeoutMs} ms` : "the program ended";
      throw new Error(`${name}: ${why}\n${complaints()}`);
    }
    if (next.value.failure !== null) throw new Error(`${next.value.failure}\n${complaints()}`.trim());
  }

  /** Lets the program end its sandboxes. */
  async stop(): Promise<void> {
    const program = this.#program;
    if (program === null) return;
    await program.child.stdin.end();
    const timer = setTimeout(() => program.child.kill("SIGKILL"), CLOSE_MS);
    await program.child.exited;
    clearTimeout(timer);
    this.#program = null;
  }

  async #end(): Promise<void> {
    this.#program?.child.kill("SIGKILL");
    await this.#program?.child.exited;
    this.#program = null;
  }

  #start(): Program {
    const { executable, flags, name } = this.runtime;
    const { workshop } = this.stage;
    const { urls, version } = this.combination;
    const preload = name === "Node" && urls === "tls" ? ["--import", workshop.loopbackNames] : [];
    const child = Bun.spawn([executable, ...flags, ...preload, workshop.program], {
      cwd: workshop.directory,
      env: {
        ...baseEnvironment(executable),
        ...this.stage.environment(urls),
        [SETTINGS_VARIABLE]: JSON.stringify(this.stage.settings(urls, PACKAGES[version])),
      },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    let complaints = "";
    const listen = async (): Promise<void> => {
      const decoder = new TextDecoder();
      for await (const piece of child.stderr) {
        complaints = (complaints + decoder.decode(piece, { stream: true })).slice(-KEPT_COMPLAINTS);
      }
    };
    void listen();
    const take = (): string => {
      const said = complaints;
      complaints = "";
      return said;
    };
    return { child, outcomes: readOutcomes(child.stdout), complaints: take };
  }
}
