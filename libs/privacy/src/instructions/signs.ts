/** A way in which text tries to tell an agent what to do. */
export interface Sign {
  name: string;
  /** How much it says by itself, 0 to 1. */
  weight: number;
  /** On folded text in lower case, or on the raw text. Every gap is bounded, so that time grows with the text alone. */
  patterns: readonly RegExp[];
  raw?: true;
}

const ALL = String.raw`(?:all |any |the |your |of |these |those |my |every )`;
const EARLIER = String.raw`(?:previous|prior|above|preceding|earlier|existing|former|foregoing|system|original|initial)`;
const ORDERS = String.raw`(?:instruction|prompt|rule|guideline|direction|directive|command|order|message|context|polic|constraint|restriction|safeguard|programming)`;
/** Deeds that an agent does with its tools, to what belongs to whoever it works for. */
const DEEDS = String.raw`(?:add|append|approve|authorize|buy|book|cancel|change|create|delete|deploy|deposit|disable|dispatch|download|email|e-mail|enable|erase|execute|export|fill|forward|give|grant|guide|initiate|install|invite|leave|mail|modify|move|order|pay|place|post|publish|purchase|redirect|remove|reset|retrieve|revoke|run|schedule|sell|send|share|sign|submit|transfer|turn off|unlock|update|upload|use|withdraw|wire)`;
/** Where a new sentence or value begins. */
const START = String.raw`(?:^|[.!?:;>"'([{\n] {0,4}|, )`;
const OWNED = String.raw`(?:my|your|user's|users'|our|his|her|john doe's)`;

/** What stands for commands in texts that should have none; found in published attacks, and in none of their harmless twins. */
export const SIGNS: readonly Sign[] = [
  {
    name: 'override',
    weight: 0.9,
    patterns: [
      new RegExp(
        String.raw`\b(?:ignore|disregard|forget|override|bypass|discard|neglect|overlook|drop|skip) ${ALL}{0,4}${EARLIER} .{0,20}${ORDERS}`,
      ),
      new RegExp(
        String.raw`\b(?:ignore|disregard|forget|override|bypass) (?:everything|all|what).{0,24}\b(?:above|before|told|said|earlier)\b`,
      ),
      new RegExp(String.raw`\b(?:ignore|disregard|forget|override) (?:all |any |the )?(?:of )?your ${ORDERS}`),
      new RegExp(
        String.raw`\b(?:new|updated|real|actual|true|revised) (?:system )?(?:instructions|prompt|task|objective|directive)s? ?(?::|is\b|are\b|follow)`,
      ),
    ],
  },
  {
    name: 'role marker',
    weight: 0.8,
    raw: true,
    patterns: [
      /<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>/i,
      /\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|assistant|tool_result|function_results|information|user_query)>/i,
      /^[ #>*-]{0,8}(?:system|assistant|developer)(?: (?:message|prompt|note))? {0,2}:/im,
    ],
  },
  {
    name: 'speaks to the model',
    weight: 0.6,
    patterns: [
      /\b(?:you are|you're|act as|pretend to be|behave as) (?:now )?(?:an? )?(?:ai|dan|assistant|language model|chatbot|unrestricted|jailbroken|agent)\b/,
      /\b(?:dear|hey|hi|hello|attention|note to|message (?:to|for)|instructions? for),? (?:the )?(?:ai|llm|assistant|agent|model|gpt|chatgpt|claude|gemini|copilot)\b/,
      /\b(?:if you are|as) an? (?:ai|llm|language model|assistant|automated)\b.{0,40}\b(?:must|should|please|need)\b/,
      /\bthis is an? (?:important )?(?:message|instruction|note) from (?:me|the user|your (?:user|owner|developer|admin)|the (?:system|developer|admin)|emma)\b/,
    ],
  },
  {
    name: 'secrecy',
    weight: 0.7,
    patterns: [
      /\b(?:do not|don't|never) (?:tell|inform|mention|notify|alert|show|reveal).{0,20}\b(?:the user|anyone|anybody|this)\b/,
      /\bwithout (?:asking|telling|informing|notifying|alerting|confirm)/,
    ],
  },
  {
    name: 'before all else',
    weight: 0.5,
    patterns: [
      /\bbefore (?:anything else|you (?:can )?(?:answer|solve|do|continue|proceed|respond)|answering|responding|solving)\b/,
      /\binstead of (?:answering|responding|summari)/,
      /\b(?:important|attention|urgent|warning|notice) {0,1}!{2,9}/,
    ],
  },
  {
    name: 'asks for a deed',
    weight: 0.6,
    patterns: [
      new RegExp(String.raw`${START}(?:please |kindly |now |then |also |first ){0,2}${DEEDS} .{0,80}\b${OWNED} `),
      new RegExp(
        String.raw`\b(?:please|kindly) ${DEEDS} .{0,60}(?:[$€£] ?\d|\b(?:id|number|account|named|titled|channel|street|email|http|password|everyone|immediately)\b|['#@~/])`,
      ),
      new RegExp(
        String.raw`${START}${DEEDS} (?:the |all |every |an? )?.{0,60}\b(?:to|with|from) (?:my|the following|[\w.+-]{1,64}@|https?:|account )`,
      ),
    ],
  },
  {
    name: 'address to send to',
    weight: 0.4,
    patterns: [
      /!\[.{0,80}\]\(https?:[^)\s]{1,200}[?&][^)\s]{1,40}=/,
      /\bhttps?:\/\/[^\s"')]{1,120}[?&](?:data|q|d|c|secret|key|token|leak)=[{<$]/,
    ],
  },
  {
    name: 'hidden text',
    weight: 0.7,
    raw: true,
    patterns: [
      // Tag characters spell letters that nobody sees; overrides turn what is read around.
      /[\u{E0020}-\u{E007E}]{4}/u,
      /[\u202D\u202E\u2066-\u2068]/,
      /[\u200B\u200C\u2060\uFEFF]{8}/,
      /(?:display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|font-size\s{0,3}:\s{0,3}0|color\s{0,3}:\s{0,3}(?:white|#fff(?:fff)?)\b)/i,
    ],
  },
];
