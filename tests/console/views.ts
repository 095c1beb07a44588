// Every view of the console: how a keyboard or a link gets there, and what shows that it is there.
import { button, type Page } from './browser.ts';
import { makeBooks } from './books.ts';
import { at, type Known } from './plant.ts';
import { until, type Server } from './programs.ts';

export interface View {
  name: string;
  path: string;
  /** Waits for the view, and opens what no address opens. Words of either language. */
  ready: (page: Page) => Promise<unknown>;
}

/** What the views need of the plant. */
export interface Things {
  machine: number; // connected
  dead: number; // not reached
  tag: number; // writable
  many: number[]; // eight tags
  known: Known;
  bad: number; // an import with refused rows
  royalty: number; // a journal of three legs
  run: string; // of royalties
  payee: string; // in it
  flow: number; // of the whole plant
  down: number; // a flow whose port is taken
}

const BROKEN = 'time;power kW\n2026-03-01 09:00;broken\n' + Array.from({ length: 30 }, (_, i) => `2026-03-01 1${Math.floor(i / 6)}:${i % 6}5;12,${i}\n`).join('');
const REGISTER = 'kind,office,application_number,filed,granted,titles,applicants\n' +
  'patent,CN,202410000001.X,2024-03-08,2025-11-11,zh: 双流道结晶器,Northfield Steel\ntrade_mark,CN,70000001,2023-05-10,,NORTHCAST,Northfield Steel; Shenhe Servo Drives\n';
const MANY = ['EAF 1/active power', 'EAF 1/energy', 'EAF 1/heat phase', 'EAF 1/steel temperature'];

export async function prepare(server: Server, known: Known): Promise<Things> {
  const { items } = await server.get<{ items: { id: number; status: { state: string; tags: number } }[] }>('connections');
  // The smallest: every signal is a line of a dozen controls.
  const machine = items.filter((one) => one.status.state === 'connected').toSorted((a, b) => a.status.tags - b.status.tags)[0]!.id;
  const dead = await server.send<{ id: number }>('POST', 'connections', {
    name: 'Old press', protocol: 'modbus-tcp', enabled: true, groups: [{ name: 'normal', interval_ms: 1000 }],
    settings: { host: '127.0.0.1', port: 9, unit_id: 1 },
    signals: [{ path: 'Northfield Steel/forge/Old press/force', area: 'holding', address: 0, type: 'uint16', group: 'normal', unit: 'B47', writable: true }],
  });
  const { items: tags } = await server.get<{ items: { id: number; path: string }[] }>('tags?limit=1000');
  const many = MANY.flatMap((end) => tags.filter((tag) => tag.path.endsWith(end)).map((tag) => tag.id));
  for (const tag of tags) if (many.length < 8 && / power$| pressure$| temperature$| level$/.test(tag.path) && !many.includes(tag.id)) many.push(tag.id);
  const writable = await server.tag('Old press/force');
  const bad = await server.send<{ id: number }>('POST', 'imports?name=meter.csv&prefix=Northfield%20Steel/meters', BROKEN);
  await server.send('POST', 'tokens', { name: 'Report of the week', role: 'viewer' });
  await server.send('POST', 'users', { name: 'Bo', email: 'bo@example.com', role: 'operator', password: 'seven grey cranes turn' });
  // Of these nothing is so old; the known hour of other tests must stay.
  await server.send('PUT', 'historian/retention', { version: 0, rules: [
    { pattern: '**/Old press/**', samples_days: null, minutes_days: null, hours_days: null },
    { pattern: '*/melt shop/EAF 1/**', samples_days: 30, minutes_days: 365, hours_days: 'forever' },
    { pattern: '**/EAF 1/**', samples_days: 90, minutes_days: null, hours_days: 730 },
  ] });
  await prepareCooperation(server);
  const royalty = await makeBooks(server);
  await until(async () => (await server.get<{ total: number }>('royalty/runs')).total, 'the royalty run of last month');
  // That month is before the plant's history; of these days there is something to see.
  const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
  const { id: run } = await server.send<{ id: string }>('POST', 'royalty/runs', { id: 'recent', currency: 'CNY', from: day(2), to: day(0),
    holds: [{ id: 'dispute', payee: 'ilse-maurer', fraction: '1/3' }], costs: [{ pool: 'gripper-filing', amount: '120.00' }] });
  const { statement } = await server.get<{ statement: { payouts: { payee: string }[]; licences: { payer: string }[] } }>(`royalty/runs/${run}`);
  const payee = statement.payouts[0]?.payee ?? statement.licences[0]!.payer;
  const flow = await server.send<{ id: number; status: { at: string } }>('POST', 'flows', { name: 'SCADA', kind: 'opcua-server', settings: { port: 0 },
    rules: [{ select: '**/Old press/**', leave_out: true }, { select: '**/EAF 1/**', name: 'furnace/{-1}' }, { select: '**' }] });
  const down = await server.send<{ id: number }>('POST', 'flows', { name: 'Line PLC', kind: 'modbus-server', settings: { port: Number(flow.status.at.split(':').at(-1)) },
    rules: [{ select: '**/EAF 1/**', deadband: 0.5, min_interval_ms: 1000 }] });
  return { flow: flow.id, down: down.id, machine, dead: dead.id, tag: writable.id, many, known, bad: bad.id, royalty, run, payee };
}

// Ann speaks for a centre; one licence that may be signed, and one that its co-owners stand against.
async function prepareCooperation(server: Server): Promise<void> {
  await server.send('PUT', 'users/1/party', { party: 'hunhe-robotics' });
  const licence = { kind: 'ordinary', licensors: ['hunhe-robotics'], licensees: ['weiyang-turbines'], assets: ['electrode-tip-cn'], from: '2026-01-01', to: '2031-01-01' };
  await server.send('PUT', 'rights/licences', { ...licence, id: 'tip-repair', fields: ['energy/turbines'], territories: ['CN', 'DE'], audit_right: true,
    terms: { licence: 'tip-repair', version: '1', asset: 'electrode-tip-cn', payer: 'weiyang-turbines', currency: 'CNY', usage: 'amount', gaps: 'hold',
      tiers: [{ from: '0', rate: '7 %' }, { from: '1000000.00', rate: '5 %' }], period_minimum: '20000.00', withholding: '10 %' } });
  await server.send('PUT', 'rights/licences', { ...licence, id: 'tip-alone', kind: 'exclusive', licensees: ['huayan-powders'] });
}

const seen = (selector: string) => (page: Page) => page.locator(selector).first().waitFor();


export function viewsOf(things: Things): View[] {
  const { machine, dead, tag, many, known, bad, royalty, run, payee, flow, down } = things;
  const hour = `from=${at(0)}&to=${at(60)}`;
  const drawn = async (page: Page) => {
    await seen('[role=application]')(page);
    await seen('tbody tr')(page);
  };
  const step = (n: number) => async (page: Page) => {
    await seen('.steps')(page);
    for (let i = 0; i < n; i++) await button(page, /^(Next|下一步)$/).click();
    await seen(`.steps li:nth-child(${n + 1})[aria-current]`)(page);
    if (n === 2) await seen('.list tbody tr')(page);
  };
  return [
    { name: 'overview', path: '/', ready: seen('.figures') },
    { name: 'machines', path: '/machines', ready: seen('tbody tr') },
    { name: 'machine', path: `/machines/${machine}`, ready: seen('aside .facts') },
    { name: 'machine-dead', path: `/machines/${dead}`, ready: seen('aside .error') },
    { name: 'machine-gone', path: '/machines/999999', ready: seen('aside [role=alert]') },
    { name: 'machine-delete', path: `/machines/${machine}`, ready: async (page) => {
      await seen('aside .facts')(page);
      await page.locator('aside .danger').click();
      await seen('dialog[open]')(page);
    } },
    { name: 'machine-new', path: '/machines/new', ready: step(0) },
    ...['s7', 'opc-ua', 'mqtt', 'sparkplug', 'iec104', 'mtconnect', 'shdr'].map((protocol): View => ({
      name: `machine-new-${protocol}`, path: `/machines/new?protocol=${protocol}`, ready: async (page) => {
        await step(0)(page);
        for (const more of await page.locator('details').all()) await more.locator('summary').click();
      },
    })),
    { name: 'machine-new-refused', path: '/machines/new?host=127.0.0.1&port=9', ready: async (page) => {
      await step(0)(page);
      await page.locator('form .row button').click();
      await seen('[role=alert]')(page);
    } },
    { name: 'machine-signals', path: `/machines/${machine}/edit`, ready: step(1) },
    { name: 'machine-paste', path: '/machines/new?host=127.0.0.1', ready: async (page) => {
      await step(1)(page);
      await page.locator('section .button').first().click();
      await seen('dialog[open]')(page);
    } },
    { name: 'machine-preview', path: `/machines/${machine}/edit`, ready: step(2) },
    { name: 'machine-names', path: `/machines/${machine}/edit`, ready: step(3) },
    { name: 'scan', path: '/machines', ready: async (page) => {
      await seen('tbody tr')(page);
      await button(page, /Look for machines|查找设备/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'flows', path: '/flows', ready: seen('figure svg .box') },
    { name: 'flow', path: `/flows/${flow}`, ready: seen('aside .tags li') },
    { name: 'flow-down', path: `/flows/${down}`, ready: seen('aside .error') },
    { name: 'flow-new', path: '/flows/new', ready: seen('aside .tags li') },
    { name: 'flow-edit', path: `/flows/${flow}/edit`, ready: seen('aside .tags li') },
    { name: 'tags', path: '/tags', ready: seen('.value') },
    { name: 'tags-bad', path: '/tags?quality=bad', ready: seen('.line .bad') },
    { name: 'tags-none', path: '/tags?text=nothing+of+this+name', ready: seen('.empty') },
    { name: 'tags-selected', path: '/tags', ready: async (page) => {
      await seen('.value')(page);
      await page.locator('.mark').first().click();
      await seen('footer .primary')(page);
    } },
    { name: 'tag', path: `/tags?tag=${tag}`, ready: seen('aside .facts') },
    { name: 'tag-edit', path: `/tags?tag=${tag}`, ready: async (page) => {
      await seen('aside .facts')(page);
      await button(page, /^(Edit|编辑|修改)$/).click();
      await seen('aside form')(page);
    } },
    { name: 'tag-write', path: `/tags?tag=${tag}`, ready: async (page) => {
      await seen('aside .facts')(page);
      await button(page, /^(Write|写入)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'trends-none', path: '/trends', ready: seen('.empty') },
    { name: 'trends-known', path: `/trends?tags=${known.step.id},${known.linear.id}&${hour}`, ready: drawn },
    { name: 'trends-day', path: `/trends?tags=${many.join(',')}&last=1d`, ready: drawn },
    { name: 'trends-live', path: `/trends?tags=${many.slice(0, 2).join(',')}&last=5m`, ready: drawn },
    { name: 'trends-table', path: `/trends?tags=${known.step.id},${known.linear.id}&${hour}&view=table`, ready: seen('.values tbody tr') },
    { name: 'trends-empty', path: `/trends?tags=${known.step.id}&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z`, ready: drawn },
    { name: 'trends-range', path: `/trends?tags=${known.step.id}&${hour}`, ready: async (page) => {
      await drawn(page);
      await page.locator('.picker .words').click();
      await seen('.panel')(page);
    } },
    { name: 'trends-add', path: `/trends?tags=${known.step.id}&${hour}`, ready: async (page) => {
      await drawn(page);
      await page.locator('.tools .primary').click();
      await seen('dialog[open] li label')(page);
    } },
    { name: 'import', path: '/import', ready: seen('.drop') },
    { name: 'import-refused', path: `/import/${bad}`, ready: seen('.fields') },
    { name: 'import-gone', path: '/import/999999', ready: seen('[role=alert]') },
    { name: 'portfolio', path: '/portfolio', ready: seen('tbody tr:nth-child(20)') },
    { name: 'portfolio-none', path: '/portfolio?search=nothing+of+this+name', ready: seen('.empty') },
    { name: 'portfolio-asset', path: '/portfolio?family=heat-balance&asset=heat-balance-cn', ready: seen('aside .void') },
    { name: 'portfolio-gone', path: '/portfolio?asset=no-such-asset', ready: seen('aside [role=alert]') },
    { name: 'portfolio-new', path: '/portfolio', ready: async (page) => {
      await seen('tbody tr')(page);
      await button(page, /^(New asset|新建资产)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'portfolio-event', path: '/portfolio?asset=electrode-tip-cn', ready: async (page) => {
      await seen('aside .facts')(page);
      await button(page, /^(Add event…|添加事件…)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'portfolio-owners', path: '/portfolio?asset=electrode-tip-cn', ready: async (page) => {
      await seen('aside .facts')(page);
      await button(page, /^(Add owners…|添加权属…)$/).click();
      await page.locator('dialog[open] input[type=number]').first().fill('40');
      await seen('dialog[open] .sum.wrong')(page);
    } },
    { name: 'deadlines', path: '/portfolio/deadlines', ready: seen('tbody .line') },
    { name: 'deadlines-none', path: '/portfolio/deadlines?party=chen-yuhang&state=overdue', ready: seen('.empty') },
    { name: 'deadlines-calendar', path: '/portfolio/deadlines?view=calendar&month=2027-04', ready: seen('tbody .line') },
    { name: 'deadlines-mark', path: '/portfolio/deadlines?party=baishan-magnetics', ready: async (page) => {
      await seen('tbody .line')(page);
      await page.locator('tbody .line .button').first().click();
      await seen('dialog[open]')(page);
    } },
    { name: 'deadlines-feed', path: '/portfolio/deadlines', ready: async (page) => {
      await seen('tbody .line')(page);
      await button(page, /^(Calendar feed…|日历订阅…)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'costs', path: '/portfolio/costs', ready: seen('.bars span') },
    { name: 'portfolio-import', path: '/portfolio', ready: async (page) => {
      await seen('tbody tr')(page);
      await button(page, /^(Import, export…|导入与导出…)$/).click();
      await page.locator('dialog[open] input[type=file]').setInputFiles({ name: 'gazette.csv', mimeType: 'text/csv', buffer: Buffer.from(REGISTER) });
      await seen('dialog[open] tbody tr:nth-child(2)')(page);
    } },
    { name: 'parties', path: '/portfolio/parties', ready: seen('.sheet tbody tr') },
    { name: 'party-new', path: '/portfolio/parties', ready: async (page) => {
      await seen('.sheet tbody tr')(page);
      await button(page, /^(New party|新建参与方)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'party-join', path: '/portfolio/parties', ready: async (page) => {
      await seen('.sheet tbody tr')(page);
      await button(page, /^(Add member to|添加成员到) Hunhe/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'ledger', path: '/ledger', ready: seen('.list tbody tr') },
    { name: 'ledger-journal', path: `/ledger?journal=${royalty}`, ready: async (page) => {
      await seen('aside .said')(page);
      await page.locator('aside summary').click();
      await seen('aside details[open] dd')(page);
    } },
    { name: 'ledger-gone', path: '/ledger?journal=999999', ready: seen('aside [role=alert]') },
    { name: 'ledger-accounts', path: '/ledger/accounts', ready: seen('tfoot tr') },
    { name: 'ledger-statement', path: '/ledger/accounts?account=2', ready: seen('aside tbody tr') },
    { name: 'ledger-checkpoint', path: '/ledger/checkpoint', ready: seen('pre') },
    { name: 'user-party', path: '/administration/users', ready: async (page) => {
      await seen('tbody tr')(page);
      await button(page, /^(Party that Bo speaks for|Bo 代表的参与方)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'settlement', path: '/settlement', ready: seen('.sheet tbody tr') },
    { name: 'settlement-new', path: '/settlement', ready: async (page) => {
      await seen('.sheet tbody tr')(page);
      await button(page, /^(New run|新建结算)$/).click();
      await button(page, /^(Hold|添加暂扣)$/).click();
      await seen('dialog[open] .line select')(page);
    } },
    { name: 'settlement-run', path: `/settlement/runs/${run}`, ready: seen('figure svg') },
    { name: 'settlement-approve', path: `/settlement/runs/${run}`, ready: async (page) => {
      await seen('figure svg')(page);
      await button(page, /^(Approve…|批准…)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'settlement-what-if', path: `/settlement/runs/${run}?view=what-if`, ready: async (page) => {
      await page.locator('#what-if').waitFor();
      await page.locator('main form select').first().selectOption({ index: 1 });
      await page.locator('main form .line input').first().fill('7');
      await button(page, /^(Show the difference|显示差额)$/).click();
      await seen('main [role=status] tbody tr')(page);
    } },
    { name: 'settlement-gone', path: '/settlement/runs/no-such-run', ready: seen('main [role=alert]') },
    { name: 'statements', path: '/settlement/statements', ready: seen('.sheet tbody tr') },
    { name: 'statement', path: `/settlement/statements/${run}/${payee}`, ready: async (page) => {
      await seen('figure svg')(page);
      await page.locator('details summary').first().click();
    } },
    { name: 'statement-payer', path: `/settlement/statements/${run}/northfield-steel`, ready: seen('figure svg') },
    { name: 'royalty-reports', path: '/settlement/reports', ready: seen('.empty') },
    { name: 'royalty-report', path: '/settlement/reports', ready: async (page) => {
      await button(page, /^(Declare use|申报使用)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'royalty-plans', path: '/settlement/plans', ready: seen('.sheet tbody tr') },
    { name: 'royalty-plan', path: '/settlement/plans', ready: async (page) => {
      await seen('.sheet tbody tr')(page);
      await page.locator('main tbody button').last().click();
      await seen('dialog[open] .line select')(page);
    } },
    { name: 'royalty-meters', path: '/settlement/meters', ready: seen('.sheet tbody tr') },
    { name: 'royalty-meter', path: '/settlement/meters', ready: async (page) => {
      await seen('.sheet tbody tr')(page);
      await page.locator('main tbody button').first().click();
      await seen('dialog[open]')(page);
    } },
    { name: 'users', path: '/administration/users', ready: seen('tbody tr') },
    { name: 'user-add', path: '/administration/users', ready: async (page) => {
      await seen('tbody tr')(page);
      await page.locator('main .primary').click();
      await seen('dialog[open]')(page);
    } },
    { name: 'tokens', path: '/administration/tokens', ready: seen('tbody tr') },
    { name: 'certificates', path: '/administration/certificates', ready: seen('.facts') },
    { name: 'certificate-issue', path: '/administration/certificates', ready: async (page) => {
      await button(page, /^(Issue a certificate|签发证书)$/).click();
      await page.locator('dialog[open]').waitFor();
    } },
    { name: 'security', path: '/administration/security', ready: seen('tbody tr') },
    { name: 'organisations', path: '/administration/organisations', ready: seen('tbody tr') },
    { name: 'usage', path: '/administration/usage', ready: seen('dl.figures') },
    { name: 'keys', path: '/administration/keys', ready: seen('.facts') },
    { name: 'retention', path: '/administration/retention', ready: seen('tbody tr:nth-child(2)') },
    { name: 'retention-rule', path: '/administration/retention', ready: async (page) => {
      await seen('tbody tr:nth-child(2)')(page);
      await button(page, /^(Edit rule 3|编辑规则 3)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'retention-confirm', path: '/administration/retention', ready: async (page) => {
      await seen('tbody tr:nth-child(2)')(page);
      await button(page, /^(Move rule 2 up|上移规则 2)$/).click();
      await button(page, /^(Save…|保存…)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'tag-erase', path: `/tags?tag=${tag}`, ready: async (page) => {
      await seen('aside .facts')(page);
      await button(page, /^(Erase samples…|清除样本…)$/).click();
      await page.locator('dialog[open] .count').getByText(/sample|样本/).waitFor();
    } },
    { name: 'audit', path: '/administration/audit', ready: seen('tbody tr') },
    { name: 'audit-entry', path: '/administration/audit?action=flow.add', ready: async (page) => {
      await seen('tbody tr')(page);
      await button(page, /^(Details of entry \d+|第 \d+ 条记录的详情)$/).first().click();
      await seen('tr.opened table')(page);
      await page.locator('main summary').first().click();
      await seen('details[open] pre')(page);
    } },
    { name: 'audit-none', path: '/administration/audit?text=nobody%20did%20this', ready: seen('.empty') },
    { name: 'search', path: '/', ready: async (page) => {
      await seen('.figures')(page);
      await page.keyboard.press('Control+K');
      await page.getByRole('combobox').fill('power');
      await page.getByRole('option').nth(4).waitFor();
    } },
    { name: 'agreements', path: '/agreements', ready: seen('tbody tr') },
    { name: 'agreement', path: '/agreements?agreement=HH-2023-02', ready: seen('.clauses li') },
    { name: 'agreement-compared', path: '/agreements?agreement=HH-2023-02&version=2&with=1', ready: seen('.clauses ins') },
    { name: 'agreement-next', path: '/agreements?agreement=HH-2023-02', ready: async (page) => {
      await seen('.clauses li')(page);
      await button(page, /^(Draft next version…|起草下一版本…)$/).click();
      await seen('dialog[open] textarea')(page);
    } },
    { name: 'projects', path: '/agreements/projects', ready: seen('tbody tr') },
    { name: 'project', path: '/agreements/projects?project=electrode-control', ready: seen('aside section') },
    { name: 'project-entry', path: '/agreements/projects?project=magnet-drives', ready: async (page) => {
      await seen('aside section')(page);
      await button(page, /^(Add entry…|添加登记…)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'project-new', path: '/agreements/projects', ready: async (page) => {
      await seen('tbody tr')(page);
      await button(page, /^(New project|新建项目)$/).click();
      await seen('dialog[open]')(page);
    } },
    { name: 'keys', path: '/agreements/keys', ready: seen('details') },
    { name: 'licences', path: '/licences', ready: seen('tbody tr') },
    { name: 'licence', path: '/licences?licence=tip-repair', ready: seen('aside .facts') },
    { name: 'licence-conflict', path: '/licences?licence=tip-alone', ready: seen('aside .conflict') },
    { name: 'licence-edit', path: '/licences?licence=tip-repair', ready: async (page) => {
      await seen('aside .facts')(page);
      await button(page, /^(Edit|编辑|修改)$/).click();
      await seen('dialog[open] .tier')(page);
    } },
    { name: 'network', path: '/network', ready: seen('figure g') },
    { name: 'network-one', path: '/network?party=hunhe-robotics', ready: seen('g[aria-pressed=true]') },
    { name: 'nothing-here', path: '/no/such/page', ready: seen('main h1') },
  ];
}

/** The views of a server where nothing is yet, and the ways in. */
export const emptyViews: View[] = [
  { name: 'empty-overview', path: '/', ready: seen('.first') },
  { name: 'empty-machines', path: '/machines', ready: seen('.empty') },
  { name: 'empty-flows', path: '/flows', ready: seen('.empty') },
  { name: 'empty-tags', path: '/tags', ready: seen('.empty') },
  { name: 'empty-trends', path: '/trends', ready: seen('.empty') },
  { name: 'empty-portfolio', path: '/portfolio', ready: seen('.empty') },
  { name: 'empty-deadlines', path: '/portfolio/deadlines', ready: seen('.empty') },
  { name: 'empty-costs', path: '/portfolio/costs', ready: seen('.empty') },
  { name: 'empty-parties', path: '/portfolio/parties', ready: seen('.empty') },
  { name: 'empty-ledger', path: '/ledger', ready: seen('.empty') },
  { name: 'empty-ledger-accounts', path: '/ledger/accounts', ready: seen('.empty') },
  { name: 'empty-ledger-checkpoint', path: '/ledger/checkpoint', ready: seen('pre') },
  { name: 'empty-agreements', path: '/agreements', ready: seen('.empty') },
  { name: 'empty-projects', path: '/agreements/projects', ready: seen('.empty') },
  { name: 'empty-keys', path: '/agreements/keys', ready: seen('.empty') },
  { name: 'empty-licences', path: '/licences', ready: seen('.empty') },
  { name: 'empty-network', path: '/network', ready: seen('.empty') },
  { name: 'empty-settlement', path: '/settlement', ready: seen('.empty') },
  { name: 'empty-tokens', path: '/administration/tokens', ready: seen('.empty') },
  { name: 'empty-retention', path: '/administration/retention', ready: seen('tbody tr') },
];
