import { describe, expect, test } from "bun:test";

import type { Host } from "../../state/hosts.ts";
import { countHosts, groupByTeam } from "./groups.ts";

const host = (fields: Partial<Host>): Host => ({ status: "online", team_id: null, ...fields }) as Host;

test("hosts are counted by status", () => {
  const hosts = [host({}), host({ status: "pending" }), host({ status: "unreachable" }), host({})];
  expect(countHosts(hosts)).toEqual({ total: 4, online: 2, pending: 1, unreachable: 1 });
  expect(countHosts([])).toEqual({ total: 0, online: 0, pending: 0, unreachable: 0 });
});

describe("by team", () => {
  test("in the order of names, the platform's left out", () => {
    const [one, two, three] = [
      host({ team_id: "team-1", team_name: "Zebra" }),
      host({ team_id: "team-2", team_name: "Ant" }),
      host({ team_id: "team-1", team_name: "Zebra" }),
    ];
    expect(groupByTeam([one, host({}), two, three])).toEqual([
      { teamId: "team-2", name: "Ant", hosts: [two] },
      { teamId: "team-1", name: "Zebra", hosts: [one, three] },
    ]);
  });

  test("a host whose team's name is not told yet stands with its team's others", () => {
    const [fresh, known] = [
      host({ team_id: "team-1", team_name: null }),
      host({ team_id: "team-1", team_name: "Ant" }),
    ];
    expect(groupByTeam([fresh, known])).toEqual([{ teamId: "team-1", name: "Ant", hosts: [fresh, known] }]);
    expect(groupByTeam([fresh]).map(({ name }) => name)).toEqual(["team-1"]);
  });
});
