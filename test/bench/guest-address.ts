/** Where the guest agent of a running sandbox listens, for those who ask it straight. */
import { chooseRange, readRoutes } from "../../agent/net/address-range.ts";
import { planSlot } from "../../agent/net/plan.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";

/** Base URL. */
export const guestUrl = async (slotIndex: number, instanceId: string): Promise<string> => {
  const { address } = planSlot(instanceId, chooseRange(instanceId, await readRoutes()), slotIndex);
  return `http://${address}:${GUEST_PORT}`;
};
