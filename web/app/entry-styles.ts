/** What the entry pages share: the form's rhythm, the notice, the ways through providers. */
import { css } from "lit";

export const entryStyles = css`
  form,
  .providers {
    display: grid;
    gap: var(--s4);
  }

  .providers {
    gap: var(--s2);
  }

  .content {
    display: grid;
    gap: var(--s5);
  }

  .notice {
    padding: var(--s3) var(--s4);
    border-radius: var(--radius);
    background: var(--bad-soft);
    overflow-wrap: anywhere;
  }

  .notice.calm {
    background: var(--accent-soft);
  }

  .notice b {
    display: block;
    font-weight: 600;
  }

  .or {
    display: flex;
    gap: var(--s3);
    align-items: center;
    color: var(--ink-faint);
    font-size: var(--text-sm);
  }

  .or::before,
  .or::after {
    content: "";
    flex: 1;
    height: 1px;
    background: var(--line);
  }

  .other {
    color: var(--ink-soft);
  }
`;
