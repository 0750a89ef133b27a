// The call that writes the same text in another program.
export interface Call {
  path: 'completions' | 'chat/completions';
  body: Record<string, unknown>;
}

// base: the server's base URL. with_key: the server asks for one; it is read from the environment and never shown.
export interface Place {
  base: string;
  withKey: boolean;
}

export function curl(call: Call, place: Place): string {
  const key = place.withKey ? ` \\\n  -H "Authorization: Bearer $CLLM_API_KEY"` : '';
  const body = JSON.stringify(call.body, null, 2).replaceAll("'", `'\\''`);
  return `curl ${place.base}/${call.path} \\\n  -H 'Content-Type: application/json'${key} \\\n  -d '${body}'\n`;
}

export function python(call: Call, place: Place): string {
  const key = place.withKey ? `headers["Authorization"] = "Bearer " + os.environ["CLLM_API_KEY"]\n` : '';
  const text = call.path === 'completions' ? '["text"]' : '["message"]["content"]';
  return `import json${place.withKey ? ', os' : ''}, urllib.request

call = ${pythonLiteral(call.body, '')}
headers = {"Content-Type": "application/json"}
${key}request = urllib.request.Request("${place.base}/${call.path}", json.dumps(call).encode(), headers)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["choices"][0]${text})
`;
}

// JSON's strings and numbers are Python's, too.
function pythonLiteral(value: unknown, indent: string): string {
  const inner = indent + '    ';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  if (Array.isArray(value)) {
    const parts = value.map((each) => pythonLiteral(each, inner));
    return parts.every((part) => !part.startsWith('{')) ? `[${parts.join(', ')}]` : list('[', parts, ']', indent);
  }
  if (typeof value !== 'object') return JSON.stringify(value);
  const parts = Object.entries(value as object).map(
    ([name, each]) => `${JSON.stringify(name)}: ${pythonLiteral(each, inner)}`,
  );
  return list('{', parts, '}', indent);
}

const list = (open: string, parts: string[], close: string, indent: string): string =>
  `${open}\n${parts.map((part) => `${indent}    ${part},\n`).join('')}${indent}${close}`;
