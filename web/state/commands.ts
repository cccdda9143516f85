/** What the command palette offers beside places: each page on screen adds what can be done on it. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

import type { IconName } from "../components/icons.ts";

export interface Command {
  label: string;
  icon: IconName;
  run: () => void;
}

const sources = new Set<() => readonly Command[]>();

export const pageCommands = (): readonly Command[] => [...sources].flatMap((source) => source());

/** Offers an element's commands while it is on the page. */
export class OfferCommands implements ReactiveController {
  constructor(
    host: ReactiveControllerHost,
    private readonly source: () => readonly Command[],
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    sources.add(this.source);
  }

  hostDisconnected(): void {
    sources.delete(this.source);
  }
}
