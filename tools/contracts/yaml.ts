export type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml | undefined };

const PLAIN_KEY = /^[A-Za-z$_][\w$.-]*$/;

/** JSON-compatible data as YAML 1.2 in block style. Every string is quoted as in JSON, so none is read as anything else. */
export function toYaml(value: Yaml, indent = ''): string {
  if (isList(value)) return value.map((item) => `${indent}- ${nested(item, `${indent}  `).trimStart()}`).join('');
  if (isMap(value)) {
    return Object.entries(value)
      .filter((entry): entry is [string, Yaml] => entry[1] !== undefined)
      .map(([key, item]) => `${indent}${PLAIN_KEY.test(key) ? key : JSON.stringify(key)}:${after(item, indent)}`)
      .join('');
  }
  return `${indent}${JSON.stringify(value)}\n`;
}

/** What follows a key: on its line when it is short, else below it. */
function after(item: Yaml, indent: string): string {
  return isBlock(item) ? `\n${toYaml(item, `${indent}  `)}` : ` ${nested(item, '')}`;
}

function nested(item: Yaml, indent: string): string {
  if (isBlock(item)) return toYaml(item, indent);
  return isList(item) ? '[]\n' : isMap(item) ? '{}\n' : `${JSON.stringify(item)}\n`;
}

const isList = (value: Yaml): value is readonly Yaml[] => Array.isArray(value);
const isMap = (value: Yaml): value is { readonly [key: string]: Yaml | undefined } =>
  typeof value === 'object' && value !== null && !isList(value);
const isBlock = (value: Yaml): boolean =>
  isList(value) ? value.length > 0 : isMap(value) && Object.keys(value).length > 0;
