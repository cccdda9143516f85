/**
 * The client of the reads, as a process of its own: connections that ask for the same page again and again.
 * Its only argument is a `LoadJob` as JSON; it prints the answers per second.
 */
import { askRepeatedly, targetOf } from "./connection.ts";

export interface LoadJob {
  url: string;
  headers: Record<string, string>;
  /** Each has one request under way. */
  connections: number;
  /** Not counted: connections are made and this program is compiled. */
  warmUpMs: number;
  measuredMs: number;
}

const load = async ({ url, headers, connections, warmUpMs, measuredMs }: LoadJob): Promise<number> => {
  const target = targetOf(url, headers);
  const all = (ms: number): Promise<number[]> => {
    const endsAt = performance.now() + ms;
    const isOver = () => performance.now() >= endsAt;
    return Promise.all(Array.from({ length: connections }, () => askRepeatedly(target, isOver)));
  };
  await all(warmUpMs);
  const startedAt = performance.now();
  const answers = await all(measuredMs);
  const total = answers.reduce((sum, count) => sum + count, 0);
  return (total * 1_000) / (performance.now() - startedAt);
};

console.log(await load(JSON.parse(process.argv[2] ?? "")));
