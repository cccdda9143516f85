/** What looks after the hosts, and the sandboxes that nobody knows: for platform admins. */
import { call } from "../api.ts";
import type { Answer, Item } from "../api/routes.ts";
import { adminEvents } from "./events.ts";
import { LiveList } from "./live-list.ts";

export type Monitor = Answer<"GET /v1/admin/monitor">;
export type Hold = NonNullable<Monitor["hold"]>;
export type Stranger = Item<"GET /v1/admin/quarantine">;

const readMonitor = (): Promise<Monitor> => call("GET /v1/admin/monitor");

/** Of one item, which events say the change of. */
export const monitor = new LiveList<Monitor>({
  events: adminEvents,
  kinds: ["monitor"],
  page: async () => ({ items: [await readMonitor()], next_cursor: null }),
  one: readMonitor,
  idOf: () => "monitor",
  compare: () => 0,
});

/** The silent hosts are marked lost, at once. */
export const releaseHold = async (): Promise<void> =>
  monitor.learn(await call("POST /v1/admin/monitor/release"));

export const quarantine = new LiveList<Stranger>({
  events: adminEvents,
  kinds: ["quarantine"],
  page: (cursor) => call("GET /v1/admin/quarantine", { query: { limit: 200, cursor } }),
  // Asked for by no id: there are few, and the list is short.
  one: async (id) => {
    const { items } = await call("GET /v1/admin/quarantine", { query: { limit: 200 } });
    return items.find(({ sandbox_id: sandboxId }) => sandboxId === id) ?? null;
  },
  idOf: ({ sandbox_id: id }) => id,
  compare: (one, other) => one.ends_at.localeCompare(other.ends_at),
});
