/** Where a template's files may be: a team's only on hosts that may run its sandboxes, the platform's everywhere. */
import type { Queryable } from "../../db/sql.ts";
import { ZERO_UUID } from "../../proto/ids.ts";

/** A condition on template `t`, its team `owner` and host `h`, which the query names so. */
export const mayHold = (sql: Queryable) => sql`
  (t.team_id = ${ZERO_UUID}
    or case when owner.is_byoc then h.type = 'byoc' and h.team_id = owner.id else h.type = 'regular' end)`;
