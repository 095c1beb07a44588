// wire/iec104/protocol.h: the numbers of IEC 60870-5-104: types, causes of transmission, limits.
// Source: IEC 60870-5-104 (APCI, port, timers) and IEC 60870-5-101 (types, causes, elements).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace lineshaft::iec104 {

inline constexpr std::uint16_t kPort = 2404;
inline constexpr std::uint16_t kPortTls = 19998;

// Sizes of the 104: one length byte that counts 4 to 253, of which 4 are the control field.
inline constexpr std::size_t kApduBytesMax = 255;  // start, length, and what the length counts
inline constexpr std::size_t kAsduBytesMax = 249;
inline constexpr std::size_t kAsduHeadBytes = 6;  // type 1, VSQ 1, cause 2, common address 2
inline constexpr std::size_t kObjectAddressBytes = 3;
inline constexpr std::size_t kObjectsMax = 127;  // seven bits of the VSQ
inline constexpr std::uint32_t kObjectAddressMax = 0xFFFFFF;
inline constexpr std::uint16_t kGlobalCommonAddress = 0xFFFF;  // all stations behind a connection

// Type identification. The comment is the standard's mnemonic, which type_name() gives. The types
// with a 24-bit time belong to the serial 101; some gateways pass them on.
enum class Type : std::uint8_t {
  kSinglePoint = 1,              // M_SP_NA_1
  kSinglePointTime24 = 2,        // M_SP_TA_1
  kDoublePoint = 3,              // M_DP_NA_1
  kDoublePointTime24 = 4,        // M_DP_TA_1
  kStepPosition = 5,             // M_ST_NA_1
  kStepPositionTime24 = 6,       // M_ST_TA_1
  kBitstring = 7,                // M_BO_NA_1
  kBitstringTime24 = 8,          // M_BO_TA_1
  kNormalized = 9,               // M_ME_NA_1
  kNormalizedTime24 = 10,        // M_ME_TA_1
  kScaled = 11,                  // M_ME_NB_1
  kScaledTime24 = 12,            // M_ME_TB_1
  kShortFloat = 13,              // M_ME_NC_1
  kShortFloatTime24 = 14,        // M_ME_TC_1
  kCounter = 15,                 // M_IT_NA_1
  kCounterTime24 = 16,           // M_IT_TA_1
  kPackedSinglePoints = 20,      // M_PS_NA_1
  kNormalizedBare = 21,          // M_ME_ND_1
  kSinglePointTime56 = 30,       // M_SP_TB_1
  kDoublePointTime56 = 31,       // M_DP_TB_1
  kStepPositionTime56 = 32,      // M_ST_TB_1
  kBitstringTime56 = 33,         // M_BO_TB_1
  kNormalizedTime56 = 34,        // M_ME_TD_1
  kScaledTime56 = 35,            // M_ME_TE_1
  kShortFloatTime56 = 36,        // M_ME_TF_1
  kCounterTime56 = 37,           // M_IT_TB_1
  kSingleCommand = 45,           // C_SC_NA_1
  kDoubleCommand = 46,           // C_DC_NA_1
  kStepCommand = 47,             // C_RC_NA_1
  kSetNormalized = 48,           // C_SE_NA_1
  kSetScaled = 49,               // C_SE_NB_1
  kSetShortFloat = 50,           // C_SE_NC_1
  kBitstringCommand = 51,        // C_BO_NA_1
  kSingleCommandTime56 = 58,     // C_SC_TA_1
  kDoubleCommandTime56 = 59,     // C_DC_TA_1
  kStepCommandTime56 = 60,       // C_RC_TA_1
  kSetNormalizedTime56 = 61,     // C_SE_TA_1
  kSetScaledTime56 = 62,         // C_SE_TB_1
  kSetShortFloatTime56 = 63,     // C_SE_TC_1
  kBitstringCommandTime56 = 64,  // C_BO_TA_1
  kEndOfInitialization = 70,     // M_EI_NA_1
  kInterrogation = 100,          // C_IC_NA_1
  kCounterInterrogation = 101,   // C_CI_NA_1
  kRead = 102,                   // C_RD_NA_1
  kClockSync = 103,              // C_CS_NA_1
  kTest = 104,                   // C_TS_NA_1
  kResetProcess = 105,           // C_RP_NA_1
  kTestTime56 = 107,             // C_TS_TA_1
};

// Which element stands in each object of a type; element.h has one struct for each.
enum class ElementKind : std::uint8_t {
  kSinglePoint,
  kDoublePoint,
  kStepPosition,
  kBitstring,
  kNormalized,
  kNormalizedBare,  // without a quality
  kScaled,
  kShortFloat,
  kCounter,
  kPackedSinglePoints,
  kSingleCommand,
  kDoubleCommand,
  kStepCommand,
  kSetNormalized,
  kSetScaled,
  kSetShortFloat,
  kBitstringCommand,
  kEndOfInitialization,
  kInterrogation,
  kCounterInterrogation,
  kRead,
  kClockSync,
  kTest,
  kResetProcess,
  kTestTime,
};

enum class TimeKind : std::uint8_t { kNone, kTime24, kTime56 };

// kSystem: about a whole station (interrogation, clock...); its one object has the address 0,
// except that of kRead. kInitialization alone is sent by the station.
enum class TypeClass : std::uint8_t { kMonitor, kCommand, kSystem, kInitialization };

struct TypeInfo {
  Type type;
  const char* name;  // "M_SP_NA_1"
  TypeClass type_class;
  ElementKind element;
  TimeKind time;
};

// Null for a type that is not in the list above.
const TypeInfo* find_type(Type type);
// "M_SP_NA_1"; "type 99".
std::string type_name(Type type);
// The type with this element and this time. Nothing if the standard has none.
std::optional<Type> find_type(ElementKind element, TimeKind time);

// Cause of transmission, six bits; others than these occur in the field.
enum class Cause : std::uint8_t {
  kPeriodic = 1,
  kBackground = 2,
  kSpontaneous = 3,
  kInitialized = 4,
  kRequested = 5,
  kActivation = 6,
  kActivationConfirmed = 7,
  kDeactivation = 8,
  kDeactivationConfirmed = 9,
  kActivationTerminated = 10,
  kReturnRemote = 11,  // changed by a command from outside
  kReturnLocal = 12,   // changed by a command at the machine
  kFileTransfer = 13,
  kInterrogatedByStation = 20,
  kInterrogatedByGroup1 = 21,  // .. 36 for group 16
  kInterrogatedByGroup16 = 36,
  kCountersRequested = 37,
  kCountersByGroup1 = 38,  // .. 41 for group 4
  kCountersByGroup4 = 41,
  kUnknownType = 44,
  kUnknownCause = 45,
  kUnknownCommonAddress = 46,
  kUnknownObjectAddress = 47,
};

inline constexpr std::uint8_t kCauseMax = 63;

// "spontaneous (3)"; "cause 62".
std::string cause_name(Cause cause);

}  // namespace lineshaft::iec104
