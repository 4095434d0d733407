/** Conversations under the days of their last activity. */
import type { Conversation } from "../api/types";

export interface Group {
  label: string;
  items: Conversation[];
}

/** The words, and how a month is written. */
export interface GroupWords {
  pinned: string;
  today: string;
  yesterday: string;
  week: string;
  month: string;
  monthOf: (time: string) => string;
}

/** Groups a list that is in order, pinned ones first; `now` decides what today is, by the clock of this device. */
export function groupByDay(items: Conversation[], words: GroupWords, now = new Date()): Group[] {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const back = (days: number) => new Date(midnight.getFullYear(), midnight.getMonth(), midnight.getDate() - days);
  const [yesterday, week, month] = [back(1), back(7), back(30)];
  const label = (time: string) => {
    const at = new Date(time);
    if (at >= midnight) return words.today;
    if (at >= yesterday) return words.yesterday;
    if (at >= week) return words.week;
    if (at >= month) return words.month;
    return words.monthOf(time);
  };
  const pinned = items.filter((one) => one.pinned);
  const groups: Group[] = pinned.length > 0 ? [{ label: words.pinned, items: pinned }] : [];
  for (const one of items) {
    if (one.pinned) continue;
    const name = label(one.updated_at);
    if (groups.at(-1)?.label === name) groups.at(-1)!.items.push(one);
    else groups.push({ label: name, items: [one] });
  }
  return groups;
}
