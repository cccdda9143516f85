/** Step-by-step output: a live progress line on a terminal, plain lines elsewhere. */

/** What a running step can say about itself. */
export interface Step {
  /** `fraction` from 0 to 1 draws a bar; null shows the text alone. */
  progress(text: string, fraction: number | null): void;
  /** Shown behind the title when the step is done. */
  detail(text: string): void;
  /** Part of this step's time that was spent downloading, in ms. */
  downloaded(durationMs: number): void;
}

export interface StepTimes {
  totalMs: number;
  downloadMs: number;
}

export interface Steps {
  /** Runs `work` and prints its title, detail and time; a failure is marked and rethrown. */
  run<T>(title: string, work: (step: Step) => Promise<T>): Promise<T>;
  /** A line between steps. */
  say(line: string): void;
  times(): StepTimes;
}

export interface StepsOutput {
  write(text: string): void;
  isTerminal: boolean;
  color: boolean;
  columns(): number;
}

const BAR_CELLS = 24;
/** A plain output (no terminal) shows an unfinished step's progress this often. */
const PLAIN_REPEAT_MS = 5_000;

export const formatSeconds = (durationMs: number): string =>
  durationMs < 1_000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1_000).toFixed(1)} s`;

export const drawBar = (fraction: number): string => {
  const clamped = Math.min(1, Math.max(0, fraction));
  const full = Math.floor(clamped * BAR_CELLS);
  const percent = String(Math.floor(clamped * 100)).padStart(3);
  return `[${"#".repeat(full)}${".".repeat(BAR_CELLS - full)}] ${percent} %`;
};

/** Standard output, with colour only on a terminal and never against NO_COLOR. */
export const standardOutput = (): StepsOutput => {
  const isTerminal = process.stdout.isTTY && process.env.TERM !== "dumb";
  return {
    write: (text) => void process.stdout.write(text),
    isTerminal,
    color: isTerminal && (process.env.NO_COLOR ?? "") === "",
    columns: () => process.stdout.columns ?? 80,
  };
};

const paint = (output: StepsOutput, code: number, text: string): string =>
  output.color ? `\u001b[${code}m${text}\u001b[0m` : text;

/** @param downloadedMs spent on downloads before this process began */
export const createSteps = (output: StepsOutput, downloadedMs = 0): Steps => {
  const startedAt = performance.now();
  let downloadMs = 0;

  const run = async <T>(title: string, work: (step: Step) => Promise<T>): Promise<T> => {
    const stepStartedAt = performance.now();
    let stepDownloadMs = 0;
    let detail = "";
    let shownAt = stepStartedAt;

    const drawLive = (text: string, fraction: number | null): void => {
      const bar = fraction === null ? "" : ` ${drawBar(fraction)}`;
      const line = `  ${title}${bar} ${text}`.slice(0, output.columns() - 1);
      output.write(`\r\u001b[K${line}`);
    };
    const drawPlain = (text: string, fraction: number | null): void => {
      const now = performance.now();
      if (now - shownAt < PLAIN_REPEAT_MS) return;
      shownAt = now;
      const percent = fraction === null ? "" : `${Math.floor(fraction * 100)} %, `;
      output.write(`  ${title}: ${percent}${text} (${formatSeconds(now - stepStartedAt)})\n`);
    };
    const finish = (mark: string, color: number): void => {
      const took = formatSeconds(performance.now() - stepStartedAt - stepDownloadMs);
      const download = stepDownloadMs >= 50 ? ` + ${formatSeconds(stepDownloadMs)} download` : "";
      const clear = output.isTerminal ? "\r\u001b[K" : "";
      const note = detail === "" ? "" : `: ${detail}`;
      output.write(`${clear}${paint(output, color, mark)} ${title}${note} (${took}${download})\n`);
    };

    if (output.isTerminal) drawLive("", null);
    try {
      const result = await work({
        progress: (text, fraction) => (output.isTerminal ? drawLive : drawPlain)(text, fraction),
        detail: (text) => {
          detail = text;
        },
        downloaded: (durationMs) => {
          stepDownloadMs += durationMs;
          downloadMs += durationMs;
        },
      });
      finish("ok", 32);
      return result;
    } catch (error) {
      finish("failed", 31);
      throw error;
    }
  };

  return {
    run,
    say: (line) => output.write(`${line}\n`),
    times: () => ({
      totalMs: performance.now() - startedAt - downloadMs,
      downloadMs: downloadMs + downloadedMs,
    }),
  };
};
