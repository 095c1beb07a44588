// tests/peers/opcua.cjs: a server and a client of OPC UA made with node-opcua, for tests against ours.
//
//   opcua.cjs server FOLDER PORT              "set NAME VALUE", "past NAME COUNT" on stdin
//   opcua.cjs client FOLDER URL MODE POLICY   ["read", node], ["write", node, type, value], ["watch", node],
//                                             ["browse", node], ["history", node, from, to], ["average", node,
//                                             from, to, interval], ["call", object, method, [type, value]...] on stdin
//
// JSON lines on stdout. Keys and certificates are made in FOLDER; whoever comes is accepted. The end of stdin
// ends the program.
'use strict';
const readline = require('node:readline');
const { OPCUACertificateManager } = require('node-opcua-certificate-manager');
const { AggregateFunction, AttributeIds, DataType, MessageSecurityMode, OPCUAClient, SecurityPolicy, StatusCodes, UserTokenType, Variant } = require('node-opcua-client');
const say = (line) => console.log(JSON.stringify(line));

// So many values, one a second from the beginning of 2026 on.
function past(variable, count) {
  const begin = Date.UTC(2026, 0, 1);
  for (let i = 0; i < count; i += 1) {
    variable.setValueFromSource({ dataType: DataType.Double, value: i / 2 }, StatusCodes.Good, new Date(begin + i * 1000));
  }
  say({ past: count });
}

async function serve(folder, port) {
  const { OPCUAServer } = require('node-opcua-server');
  const server = new OPCUAServer({
    port: Number(port),
    serverCertificateManager: new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true }),
    userManager: { isValidUser: (name, password) => name === 'otto' && password === 'geheim' },
    allowAnonymous: true,
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256, SecurityPolicy.Aes128_Sha256_RsaOaep, SecurityPolicy.Aes256_Sha256_RsaPss],
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.registerNamespace('urn:peer:plant');
  const press = own.addObject({ organizedBy: space.rootFolder.objects, browseName: 'press', nodeId: 's=press' });
  const variables = {};
  for (const [name, dataType, value] of [['force', 'Double', 1.5], ['count', 'UInt16', 7], ['running', 'Boolean', true],
    ['heat', 'Float', 20.25], ['order', 'String', 'A-17 ä'], ['setpoint', 'Int32', 3]]) {
    variables[name] = own.addVariable({ componentOf: press, browseName: name, nodeId: `s=press.${name}`, dataType });
    variables[name].setValueFromSource({ dataType: DataType[dataType], value });
  }
  space.installHistoricalDataNode(variables.force, { maxOnlineValues: 10000 });
  const argument = (name, dataType) => ({ name, dataType: DataType[dataType], description: { text: `the ${name}` } });
  const method = (name, inputArguments, outputArguments, run) => own.addMethod(press, { browseName: name, nodeId: `s=press.${name}`, inputArguments, outputArguments })
    .bindMethod((inputs, _context, done) => run(inputs.map((one) => one.value), done));
  method('begin', [argument('program', 'String'), argument('speed', 'Float')], [argument('order', 'String')], ([program, speed], done) => done(null, {
    statusCode: speed > 100 ? StatusCodes.BadOutOfRange : StatusCodes.Good,
    outputArguments: speed > 100 ? [] : [{ dataType: DataType.String, value: `${program} at ${speed}` }] }));
  method('hang', [], [], () => {});
  await server.start();
  say({ port: Number(port) });
  return {
    on: ([doing, name, value]) => (doing === 'past' ? past(variables[name], Number(value)) : variables[name].setValueFromSource(new Variant({ dataType: variables[name].readValue().value.dataType, value: Number(value) }))),
    end: () => server.shutdown(0),
  };
}

async function visit(folder, url, mode, policy, userName, password) {
  const client = OPCUAClient.create({
    applicationUri: 'urn:peer:client',
    clientCertificateManager: new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true }),
    securityMode: MessageSecurityMode[mode], securityPolicy: SecurityPolicy[policy],
    endpointMustExist: false, connectionStrategy: { maxRetry: 0 },
  });
  await client.connect(url);
  const session = await client.createSession(userName ? { type: UserTokenType.UserName, userName, password } : { type: UserTokenType.Anonymous });
  say({ session: true });
  const plain = (value) => (typeof value === 'bigint' ? value.toString() : value);
  const show = (read) => ({ type: DataType[read.value.dataType], value: plain(read.value.value), status: read.statusCode.value,
    time: read.sourceTimestamp && read.sourceTimestamp.toISOString() });
  const doings = {
    read: async (node) => show(await session.read({ nodeId: node, attributeId: AttributeIds.Value })),
    write: async (node, type, value) => ({ status: (await session.write({ nodeId: node, attributeId: AttributeIds.Value,
      value: { value: { dataType: DataType[type], value } } })).value }),
    browse: async (node) => ({ names: (await session.browse(node)).references.map((r) => r.browseName.name) }),
    history: async (node, from, to) => ({ values: (await session.readHistoryValue(node, from, to)).historyData.dataValues.map((v) => v.value.value) }),
    average: async (node, from, to, interval) => ({ values: (await session.readAggregateValue({ nodeId: node, aggregateType: AggregateFunction.Average },
      new Date(from), new Date(to), AggregateFunction.Average, interval)).historyData.dataValues.map((v) => v.value.value) }),
    call: async (object, method, ...given) => {
      const result = await session.call({ objectId: object, methodId: method, inputArguments: given.map(([type, value]) => new Variant({ dataType: DataType[type], value })) });
      return { status: result.statusCode.value, outputs: (result.outputArguments || []).map((one) => plain(one.value)) };
    },
    watch: async (node) => {
      const subscription = await session.createSubscription2({ requestedPublishingInterval: 100, publishingEnabled: true,
        requestedLifetimeCount: 1000, requestedMaxKeepAliveCount: 10, maxNotificationsPerPublish: 1000, priority: 1 });
      const item = await subscription.monitor({ nodeId: node, attributeId: AttributeIds.Value },
        { samplingInterval: 0, discardOldest: true, queueSize: 100 }, 2);
      item.on('changed', (value) => say({ changed: show(value).value }));
      return { watching: true };
    },
  };
  return {
    on: async ([doing, ...rest]) => say({ [doing]: await doings[doing](...rest) }),
    end: async () => { await session.close(); await client.disconnect(); },
  };
}

async function main([mode, ...rest]) {
  const peer = await (mode === 'server' ? serve : visit)(...rest);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await peer.on(line.startsWith('[') ? JSON.parse(line) : line.split(' '));
  }
  await peer.end();
  process.exit(0);
}

main(process.argv.slice(2)).catch((error) => {
  say({ error: String(error.message).split('\n')[0] });
  process.exit(1);
});
