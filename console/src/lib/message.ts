// A small part of ICU messages: "{name}", "{n, plural, one {# tag} other {# tags}}". Numbers are
// grouped in the reader's language.

type Params = Record<string, string | number>;

const formats = new Map<string, { number: Intl.NumberFormat; plural: Intl.PluralRules }>();

function formatsOf(locale: string) {
  let found = formats.get(locale);
  if (!found) {
    found = { number: new Intl.NumberFormat(locale), plural: new Intl.PluralRules(locale) };
    formats.set(locale, found);
  }
  return found;
}

function show(value: string | number | undefined, locale: string): string {
  if (value === undefined) return '';
  return typeof value === 'number' ? formatsOf(locale).number.format(value) : value;
}

/** The index after the brace that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i + 1;
  }
  return text.length;
}

function plural(body: string, value: number, locale: string): string {
  const forms = new Map<string, string>();
  for (let i = 0; i < body.length; ) {
    const open = body.indexOf('{', i);
    if (open < 0) break;
    const end = closing(body, open);
    forms.set(body.slice(i, open).trim(), body.slice(open + 1, end - 1));
    i = end;
  }
  const form = forms.get(`=${value}`) ?? forms.get(formatsOf(locale).plural.select(value)) ??
    forms.get('other') ?? '';
  return form.replaceAll('#', show(value, locale));
}

export function fillMessage(message: string, params: Params, locale: string): string {
  let out = '';
  for (let i = 0; i < message.length; ) {
    const open = message.indexOf('{', i);
    if (open < 0) return out + message.slice(i);
    out += message.slice(i, open);
    const end = closing(message, open);
    const inside = message.slice(open + 1, end - 1);
    const split = /^(\w+),\s*plural,\s*/.exec(inside);
    out += split
      ? fillMessage(plural(inside.slice(split[0].length), Number(params[split[1]!]), locale), params, locale)
      : show(params[inside.trim()], locale);
    i = end;
  }
  return out;
}
