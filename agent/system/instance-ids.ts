/**
 * The numbers of users and groups that belong to one instance of the agent. They have no names on this
 * machine: systemd's table leaves them unused (https://systemd.io/UIDS-GIDS: 0x70000000 to 0x7fffffff).
 */
const FIRST_ID = 0x7000_0000;
const IDS_EACH = 2048;
const BLOCKS = 0x1000_0000 / IDS_EACH;

/**
 * Uid and gid of the instance's first network slot, those of the others follow.
 * @param instanceId six hex digits
 */
export const firstUid = (instanceId: string): number =>
  FIRST_ID + (Number.parseInt(instanceId, 16) % BLOCKS) * IDS_EACH;

/** The group whose members may open base memory: every VM of the instance, and nobody else. */
export const memoryGroup = (instanceId: string): number => firstUid(instanceId) + IDS_EACH - 1;
