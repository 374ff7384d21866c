import type { DecisionRecord, Label } from '@signalbox/contracts';

const labelText = ({ integrity, readers, origins }: Label): string =>
  [
    integrity,
    ...(readers.length === 0 ? [] : [`for ${readers.join(', ')}`]),
    ...(origins.length === 0 ? [] : [`from ${origins.join(', ')}`]),
  ].join(' ');
/** What of a call's labels is worth a word; nothing where all is trusted and for anybody. */
export function flowText({ labels }: DecisionRecord): string {
  if (labels === undefined) return '';
  const { context, arguments: own = {} } = labels;
  const named = Object.entries({ context, ...own }).filter(([, label]) => label.origins.length > 0);
  return named.map(([name, label]) => `; ${name} ${labelText(label)}`).join('');
}
