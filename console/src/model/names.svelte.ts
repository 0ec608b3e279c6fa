import { api, type Schema } from '../api/client';
import { language, type Language } from '../words/index.svelte';

/** Names of categories, departments and districts in the language of the person; fetched once. */
type Named = { code: string; name_en: string; name_bn: string; name_hi?: string | null };
const masters = $state<
  Record<'categories' | 'departments' | 'districts' | 'closure_reasons' | 'dispositions', Map<string, Named>>
>({
  categories: new Map(),
  departments: new Map(),
  districts: new Map(),
  closure_reasons: new Map(),
  dispositions: new Map(),
});
let reasons = $state.raw<Schema['ClosureReason'][]>([]);
let canned = $state.raw<Schema['CannedText'][]>([]);
let asked = false;

async function fetchMasters(): Promise<void> {
  asked = true;
  const { data } = await api.GET('/api/v1/masters').catch(() => ({ data: undefined }));
  if (!data) {
    asked = false;
    return;
  }
  const byCode = (items: Named[]) => new Map(items.map((item) => [item.code, item]));
  masters.categories = byCode(data.categories);
  masters.departments = byCode(data.departments);
  masters.districts = byCode(data.districts);
  masters.closure_reasons = byCode(data.closure_reasons);
  reasons = data.closure_reasons;
  canned = data.canned;
  masters.dispositions = byCode(data.dispositions);
}

function name(kind: keyof typeof masters, code: string | null | undefined, spoken = language()): string {
  if (!asked) queueMicrotask(fetchMasters);
  if (!code) return '';
  const named = masters[kind].get(code);
  if (!named) return code;
  return spoken === 'bn' ? named.name_bn : spoken === 'hi' ? (named.name_hi ?? named.name_en) : named.name_en;
}

export const places = {
  category: (code: string | null | undefined) => name('categories', code),
  department: (code: string | null | undefined) => name('departments', code),
  /** In the language of a citizen rather than of the person at the desk. */
  departmentIn: (code: string, spoken: Language) => name('departments', code, spoken),
  district: (code: string | null | undefined) => name('districts', code),
  reason: (code: string | null | undefined) => name('closure_reasons', code),
  /** A reason with what a report by it needs. */
  closureReason: (code: string) => reasons.find((reason) => reason.code === code),
  disposition: (code: string | null | undefined) => name('dispositions', code),
  get dispositions(): Named[] {
    if (!asked) queueMicrotask(fetchMasters);
    return [...masters.dispositions.values()];
  },
  get reasons(): Named[] {
    if (!asked) queueMicrotask(fetchMasters);
    return [...masters.closure_reasons.values()];
  },
  get canned(): Schema['CannedText'][] {
    if (!asked) queueMicrotask(fetchMasters);
    return canned;
  },
  /** The beginning of a canned text, as the person at the desk reads it. */
  cannedName: (text: Schema['CannedText']) => `${text[language()].slice(0, 48)}…`,
  get districts(): Named[] {
    if (!asked) queueMicrotask(fetchMasters);
    return [...masters.districts.values()];
  },
  get categories(): Named[] {
    if (!asked) queueMicrotask(fetchMasters);
    return [...masters.categories.values()];
  },
  get departments(): Named[] {
    if (!asked) queueMicrotask(fetchMasters);
    return [...masters.departments.values()];
  },
};

/** A number in groups, as people say it. */
export function grouped(number: string): string {
  return `${number.slice(0, 3)} ${number.slice(3, 6)} ${number.slice(6)}`;
}

export type Masters = Schema['Masters'];
