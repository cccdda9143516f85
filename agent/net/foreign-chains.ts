/**
 * Docker, libvirt and many firewalls drop forwarded packets by default in chains of their own, and a drop
 * anywhere is final. In those an accept for this instance's interfaces is put first; what sandboxes may
 * reach is decided in the instance's own table all the same. Chains of the old iptables (legacy) cannot
 * be seen through nft: there the operator admits `wrn+` himself.
 */
import { run } from "../system/exec.ts";
import { interfacePrefix, tableName } from "./plan.ts";

interface Chain {
  family: string;
  table: string;
  chain: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** The objects of one kind in `nft -j` output. */
const objects = (text: string, kind: string): Record<string, unknown>[] => {
  const parsed: unknown = JSON.parse(text);
  const list = isRecord(parsed) ? parsed["nftables"] : undefined;
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).flatMap((item) => (isRecord(item[kind]) ? [item[kind]] : []));
};

/** @param text output of `nft -j list chains` */
export const parseDroppingChains = (text: string): Chain[] =>
  objects(text, "chain")
    .filter(
      ({ hook, policy, family }) =>
        hook === "forward" && policy === "drop" && /^(ip|inet)$/.test(String(family)),
    )
    .map(({ family, table, name }) => ({ family: String(family), table: String(table), chain: String(name) }))
    // other instances look after themselves
    .filter(({ table }) => !table.startsWith("wrenn_"));

const listDroppingChains = async (): Promise<Chain[]> =>
  parseDroppingChains(await run(["nft", "-j", "list", "chains"]));

/** Handles of the rules this instance put into a chain; they carry its table's name as a comment. */
const findOwnRules = async (instanceId: string, { family, table, chain }: Chain): Promise<number[]> => {
  const rules = objects(await run(["nft", "-j", "list", "chain", family, table, chain]), "rule");
  return rules.filter(({ comment }) => comment === tableName(instanceId)).map(({ handle }) => Number(handle));
};

/** What is admitted already stays as it is. */
export const admitThroughForeignChains = async (instanceId: string): Promise<void> => {
  for (const place of await listDroppingChains()) {
    if ((await findOwnRules(instanceId, place)).length > 0) continue;
    const where = `${place.family} ${place.table} ${place.chain}`;
    const rules = ["iifname", "oifname"].map(
      (side) =>
        `insert rule ${where} ${side} "${interfacePrefix(instanceId)}*" accept comment "${tableName(instanceId)}"\n`,
    );
    await run(["nft", "-f", "-"], { input: rules.join("") });
  }
};

export const leaveForeignChains = async (instanceId: string): Promise<void> => {
  for (const place of await listDroppingChains()) {
    const { family, table, chain } = place;
    for (const handle of await findOwnRules(instanceId, place)) {
      await run(["nft", "delete", "rule", family, table, chain, "handle", String(handle)]);
    }
  }
};
