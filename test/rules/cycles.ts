/** Circles in a directed graph. */

/** Each circle as the nodes on it, in order; empty when there is none. Every circle found is a different one. */
export const findCycles = (graph: ReadonlyMap<string, string[]>): string[][] => {
  const cycles: string[][] = [];
  const finished = new Set<string>();
  const trail: string[] = [];

  const visit = (node: string): void => {
    if (finished.has(node)) return;
    const at = trail.indexOf(node);
    if (at !== -1) {
      cycles.push(trail.slice(at));
      return;
    }
    trail.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    trail.pop();
    finished.add(node);
  };

  for (const node of graph.keys()) visit(node);
  return cycles;
};
