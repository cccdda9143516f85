/** A part of the page that stands on a ground of its own. */
import { css } from "lit";

export const card = css`
  .card {
    min-width: 0;
    padding: var(--s4) var(--s5) var(--s5);
    border: 1px solid var(--line);
    border-radius: var(--radius-l);
    background: var(--surface);
    box-shadow: var(--shadow-low);
  }

  .card > .top {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2) var(--s3);
    align-items: center;
    justify-content: space-between;
    min-height: 2.25rem;
    margin-bottom: var(--s3);
  }

  .card h2 {
    font-size: var(--text);
    font-weight: 600;
  }

  @media (max-width: 40rem) {
    .card {
      padding: var(--s3) var(--s4) var(--s4);
    }
  }
`;
