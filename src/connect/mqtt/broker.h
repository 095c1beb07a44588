// connect/mqtt/broker.h: the settings of a broker in JSON, and what an MQTT client makes of them.
#pragma once

#include "connect/fields.h"
#include "connect/mqtt/settings.h"
#include "sys/clock.h"
#include "wire/mqtt/client.h"

namespace lineshaft::connect {

void read_broker(Fields& fields, MqttBroker& broker);
void add_broker_json(const MqttBroker& broker, Secrets secrets, Json& settings);
// Errors: kInvalidArgument naming the setting.
Status check_broker(const MqttBroker& broker);

// Clean start, no will; the owner changes what it wants otherwise.
mqtt::ClientOptions client_options(const MqttBroker& broker, sys::Random& random);

}  // namespace lineshaft::connect
