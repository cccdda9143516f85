/** A real sandbox with a small project in it: what the terminal and the files show is really there. */
import { JoinedAgent } from "../support/joined-agent.ts";
import { SandboxApi } from "../support/sandbox-api.ts";
import { call, createKey, type TestServer } from "../support/server.ts";
import type { Seeded } from "./seed.ts";

const PROJECT = "/home/user/pricing";
const AT_WORK_MS = 6 * 60_000;
const FILES: Readonly<Record<string, string>> = {
  "README.md": "# pricing\n\nWhat an order costs, in cents.\n",
  "pricing.py": `"""What an order costs, in cents: no floats, no surprises."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    name: str
    cents: int
    count: int = 1


def total(lines, percent_off=0):
    """Sum of the lines less a discount, in the customer's favour."""
    if not 0 <= percent_off <= 100:
        raise ValueError(f"percent_off: 0 to 100, not {percent_off}")
    gross = sum(line.cents * line.count for line in lines)
    return gross * (100 - percent_off) // 100
`,
  "test_pricing.py": `import unittest

from pricing import Line, total

CART = [Line("tea", 450, count=2), Line("honey", 799)]


class TotalTest(unittest.TestCase):
    def test_lines_count(self):
        self.assertEqual(total(CART), 1699)

    def test_discount_favours_the_customer(self):
        self.assertEqual(total(CART, percent_off=15), 1444)

    def test_nothing_costs_nothing(self):
        self.assertEqual(total([]), 0)

    def test_discounts_end_at_a_hundred(self):
        with self.assertRaises(ValueError):
            total(CART, percent_off=101)
`,
};

export class Workshop implements AsyncDisposable {
  private constructor(
    private readonly agent: JoinedAgent,
    readonly sandboxId: string,
    /** The moment that its pictures show: as if somebody had been at it for a while. */
    readonly now: Date,
  ) {}

  /** Adds this machine to the hosts; the others take no more sandboxes. */
  static async open(server: TestServer, { people, hosts }: Seeded): Promise<Workshop> {
    const { token } = people.mira;
    const agent = await JoinedAgent.join({ serverUrl: server.url, token, name: "workbench" });
    try {
      for (const { id } of hosts) {
        const { status } = await call(server.url, `/v1/hosts/${id}/drain`, { token, body: { pause: false } });
        if (status !== 200) throw new Error(`host ${id} is not drained: ${status}`);
      }
      const api = new SandboxApi(server.url, await createKey(server.url, people.mira));
      const id = await api.create({ timeout_sec: 3_600, metadata: { agent: "reviewer", pull: "2115" } });
      for (const [name, text] of Object.entries(FILES)) {
        const path = `${PROJECT}/${name}`;
        await api.run(
          id,
          `mkdir -p ${PROJECT} && echo ${Buffer.from(text).toString("base64")} | base64 -d > ${path}`,
        );
      }
      await api.run(id, `chown -R user: ${PROJECT}`);
      return new Workshop(agent, id, new Date(Date.now() + AT_WORK_MS));
    } catch (error) {
      await agent[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
  }
}
