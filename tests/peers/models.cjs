// tests/peers/models.cjs FOLDER PORT: an OPC UA server made with node-opcua that has one machine of each
// companion model, from the node sets of the OPC Foundation: s=machine (Machinery), s=unit (PackML),
// s=asset (ISA-95). Prints {"port":PORT}; the end of stdin ends it; "state running" on stdin moves the machine.
'use strict';
const readline = require('node:readline');
const { OPCUACertificateManager } = require('node-opcua-certificate-manager');
const { nodesets } = require('node-opcua-nodesets');
const { DataType } = require('node-opcua-client');
const { OPCUAServer } = require('node-opcua-server');

async function main([folder, port]) {
  const server = new OPCUAServer({
    port: Number(port), allowAnonymous: true,
    nodeset_filename: [nodesets.standard, nodesets.di, nodesets.ia, nodesets.machinery, nodesets.packML, require('node:path').join(require('node:path').dirname(nodesets.di), 'Opc.ISA95.NodeSet2.xml')],
    serverCertificateManager: new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true }),
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.registerNamespace('urn:peer:models');
  const index = (uri) => space.getNamespaceIndex(uri);
  const [di, machinery, packml, isa95] = ['http://opcfoundation.org/UA/DI/', 'http://opcfoundation.org/UA/Machinery/', 'http://opcfoundation.org/UA/PackML/',
    'http://www.OPCFoundation.org/UA/2013/01/ISA95'].map(index);
  const named = (namespaceIndex, name) => ({ namespaceIndex, name });
  const put = (node, dataType, value) => node.setValueFromSource({ dataType: DataType[dataType], value });
  const text = (value) => ({ text: value });
  const child = (node, ...names) => names.reduce((at, [namespaceIndex, name]) => at.getChildByName(name, namespaceIndex), node);

  const machine = own.addObject({ organizedBy: space.rootFolder.objects, browseName: 'machine', nodeId: 's=machine' });
  const identification = space.findObjectType('MachineIdentificationType', machinery)
    .instantiate({ namespace: own, browseName: named(di, 'Identification'), componentOf: machine, optionals: ['Model', 'SoftwareRevision', 'YearOfConstruction', 'Location'] });
  const blocks = own.addObject({ componentOf: machine, browseName: named(machinery, 'MachineryBuildingBlocks'), typeDefinition: 'FolderType' });
  const state = space.findObjectType('MachineryItemState_StateMachineType', machinery)
    .instantiate({ namespace: own, browseName: named(machinery, 'MachineryItemState'), componentOf: blocks });
  const counters = space.findObjectType('MachineryOperationCounterType', machinery)
    .instantiate({ namespace: own, browseName: named(di, 'OperationCounters'), componentOf: blocks, optionals: ['PowerOnDuration', 'OperationDuration'] });
  put(child(identification, [di, 'Manufacturer']), 'LocalizedText', text('Presswerk AG'));
  put(child(identification, [di, 'Model']), 'LocalizedText', text('P 400'));
  put(child(identification, [di, 'SerialNumber']), 'String', 'PW-00417');
  put(child(identification, [di, 'ProductInstanceUri']), 'String', 'urn:presswerk.example:PW-00417');
  put(child(identification, [machinery, 'YearOfConstruction']), 'UInt16', 2019);
  put(child(identification, [di, 'SoftwareRevision']), 'String', '4.2');
  put(child(identification, [machinery, 'Location']), 'String', 'Hall 2');
  const current = child(state, [0, 'CurrentState']);
  put(current, 'LocalizedText', text('NotExecuting'));
  put(child(counters, [di, 'PowerOnDuration']), 'Double', 3600000);
  put(child(counters, [di, 'OperationDuration']), 'Double', 1800000.5);

  const unit = space.findObjectType('PackMLBaseObjectType', packml).instantiate({ namespace: own, browseName: 'unit', organizedBy: space.rootFolder.objects, nodeId: `ns=${own.index};s=unit`,
    optionals: ['Status.CurMachSpeed', 'Status.EquipmentBlocked', 'Status.EquipmentStarved', 'Admin.AccTimeSinceReset', 'Admin.MachDesignSpeed', 'BaseStateMachine.MachineState', 'BaseStateMachine.MachineState.ExecuteState'] });
  const inside = (names, dataType, value) => put(child(unit, ...names.map((name) => [packml, name])), dataType, value);
  inside(['Status', 'CurMachSpeed'], 'Float', 117.5);
  inside(['Status', 'MachSpeed'], 'Float', 120);
  inside(['Status', 'EquipmentBlocked'], 'Boolean', false);
  inside(['Status', 'EquipmentStarved'], 'Boolean', true);

  const asset = space.findObjectType('PhysicalAssetType', isa95).instantiate({ namespace: own, browseName: 'asset', organizedBy: space.rootFolder.objects, nodeId: `ns=${own.index};s=asset`,
    optionals: ['PhysicalLocation', 'FixedAssetId'] });
  put(child(asset, [isa95, 'PhysicalLocation']), 'String', 'Hall 2, column C4');

  await server.start();
  console.log(JSON.stringify({ port: Number(port) }));
  for await (const line of readline.createInterface({ input: process.stdin })) put(current, 'LocalizedText', text(line.split(' ')[1]));
  await server.shutdown(0);
  process.exit(0);
}

main(process.argv.slice(2)).catch((error) => {
  console.log(JSON.stringify({ error: String(error.stack) }));
  process.exit(1);
});
