#include "wire/iec104/protocol.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace lineshaft::iec104 {

namespace {

using enum TypeClass;
using E = ElementKind;
using enum TimeKind;

// In the order of the numbers, for the binary search.
constexpr TypeInfo kTypes[] = {
    {Type::kSinglePoint, "M_SP_NA_1", kMonitor, E::kSinglePoint, kNone},
    {Type::kSinglePointTime24, "M_SP_TA_1", kMonitor, E::kSinglePoint, kTime24},
    {Type::kDoublePoint, "M_DP_NA_1", kMonitor, E::kDoublePoint, kNone},
    {Type::kDoublePointTime24, "M_DP_TA_1", kMonitor, E::kDoublePoint, kTime24},
    {Type::kStepPosition, "M_ST_NA_1", kMonitor, E::kStepPosition, kNone},
    {Type::kStepPositionTime24, "M_ST_TA_1", kMonitor, E::kStepPosition, kTime24},
    {Type::kBitstring, "M_BO_NA_1", kMonitor, E::kBitstring, kNone},
    {Type::kBitstringTime24, "M_BO_TA_1", kMonitor, E::kBitstring, kTime24},
    {Type::kNormalized, "M_ME_NA_1", kMonitor, E::kNormalized, kNone},
    {Type::kNormalizedTime24, "M_ME_TA_1", kMonitor, E::kNormalized, kTime24},
    {Type::kScaled, "M_ME_NB_1", kMonitor, E::kScaled, kNone},
    {Type::kScaledTime24, "M_ME_TB_1", kMonitor, E::kScaled, kTime24},
    {Type::kShortFloat, "M_ME_NC_1", kMonitor, E::kShortFloat, kNone},
    {Type::kShortFloatTime24, "M_ME_TC_1", kMonitor, E::kShortFloat, kTime24},
    {Type::kCounter, "M_IT_NA_1", kMonitor, E::kCounter, kNone},
    {Type::kCounterTime24, "M_IT_TA_1", kMonitor, E::kCounter, kTime24},
    {Type::kPackedSinglePoints, "M_PS_NA_1", kMonitor, E::kPackedSinglePoints, kNone},
    {Type::kNormalizedBare, "M_ME_ND_1", kMonitor, E::kNormalizedBare, kNone},
    {Type::kSinglePointTime56, "M_SP_TB_1", kMonitor, E::kSinglePoint, kTime56},
    {Type::kDoublePointTime56, "M_DP_TB_1", kMonitor, E::kDoublePoint, kTime56},
    {Type::kStepPositionTime56, "M_ST_TB_1", kMonitor, E::kStepPosition, kTime56},
    {Type::kBitstringTime56, "M_BO_TB_1", kMonitor, E::kBitstring, kTime56},
    {Type::kNormalizedTime56, "M_ME_TD_1", kMonitor, E::kNormalized, kTime56},
    {Type::kScaledTime56, "M_ME_TE_1", kMonitor, E::kScaled, kTime56},
    {Type::kShortFloatTime56, "M_ME_TF_1", kMonitor, E::kShortFloat, kTime56},
    {Type::kCounterTime56, "M_IT_TB_1", kMonitor, E::kCounter, kTime56},
    {Type::kSingleCommand, "C_SC_NA_1", kCommand, E::kSingleCommand, kNone},
    {Type::kDoubleCommand, "C_DC_NA_1", kCommand, E::kDoubleCommand, kNone},
    {Type::kStepCommand, "C_RC_NA_1", kCommand, E::kStepCommand, kNone},
    {Type::kSetNormalized, "C_SE_NA_1", kCommand, E::kSetNormalized, kNone},
    {Type::kSetScaled, "C_SE_NB_1", kCommand, E::kSetScaled, kNone},
    {Type::kSetShortFloat, "C_SE_NC_1", kCommand, E::kSetShortFloat, kNone},
    {Type::kBitstringCommand, "C_BO_NA_1", kCommand, E::kBitstringCommand, kNone},
    {Type::kSingleCommandTime56, "C_SC_TA_1", kCommand, E::kSingleCommand, kTime56},
    {Type::kDoubleCommandTime56, "C_DC_TA_1", kCommand, E::kDoubleCommand, kTime56},
    {Type::kStepCommandTime56, "C_RC_TA_1", kCommand, E::kStepCommand, kTime56},
    {Type::kSetNormalizedTime56, "C_SE_TA_1", kCommand, E::kSetNormalized, kTime56},
    {Type::kSetScaledTime56, "C_SE_TB_1", kCommand, E::kSetScaled, kTime56},
    {Type::kSetShortFloatTime56, "C_SE_TC_1", kCommand, E::kSetShortFloat, kTime56},
    {Type::kBitstringCommandTime56, "C_BO_TA_1", kCommand, E::kBitstringCommand, kTime56},
    {Type::kEndOfInitialization, "M_EI_NA_1", kInitialization, E::kEndOfInitialization, kNone},
    {Type::kInterrogation, "C_IC_NA_1", kSystem, E::kInterrogation, kNone},
    {Type::kCounterInterrogation, "C_CI_NA_1", kSystem, E::kCounterInterrogation, kNone},
    {Type::kRead, "C_RD_NA_1", kSystem, E::kRead, kNone},
    {Type::kClockSync, "C_CS_NA_1", kSystem, E::kClockSync, kTime56},
    {Type::kTest, "C_TS_NA_1", kSystem, E::kTest, kNone},
    {Type::kResetProcess, "C_RP_NA_1", kSystem, E::kResetProcess, kNone},
    {Type::kTestTime56, "C_TS_TA_1", kSystem, E::kTestTime, kTime56},
};

constexpr std::pair<Cause, std::string_view> kCauses[] = {
    {Cause::kPeriodic, "periodic"},
    {Cause::kBackground, "background scan"},
    {Cause::kSpontaneous, "spontaneous"},
    {Cause::kInitialized, "initialized"},
    {Cause::kRequested, "requested"},
    {Cause::kActivation, "activation"},
    {Cause::kActivationConfirmed, "activation confirmation"},
    {Cause::kDeactivation, "deactivation"},
    {Cause::kDeactivationConfirmed, "deactivation confirmation"},
    {Cause::kActivationTerminated, "activation termination"},
    {Cause::kReturnRemote, "return information of a remote command"},
    {Cause::kReturnLocal, "return information of a local command"},
    {Cause::kFileTransfer, "file transfer"},
    {Cause::kUnknownType, "unknown type identification"},
    {Cause::kUnknownCause, "unknown cause of transmission"},
    {Cause::kUnknownCommonAddress, "unknown common address"},
    {Cause::kUnknownObjectAddress, "unknown information object address"},
};

}  // namespace

const TypeInfo* find_type(Type type) {
  const auto* found = std::ranges::lower_bound(kTypes, type, {}, &TypeInfo::type);
  return found != std::end(kTypes) && found->type == type ? found : nullptr;
}

std::string type_name(Type type) {
  const TypeInfo* info = find_type(type);
  return info != nullptr ? info->name : "type " + std::to_string(static_cast<unsigned>(type));
}

std::optional<Type> find_type(ElementKind element, TimeKind time) {
  for (const TypeInfo& info : kTypes) {
    if (info.element == element && info.time == time) return info.type;
  }
  return std::nullopt;
}

std::string cause_name(Cause cause) {
  const auto number = std::to_string(static_cast<unsigned>(cause));
  for (const auto& [known, words] : kCauses) {
    if (known == cause) return std::string(words) + " (" + number + ")";
  }
  if (cause >= Cause::kInterrogatedByStation && cause <= Cause::kInterrogatedByGroup16) {
    return "interrogation (" + number + ")";
  }
  if (cause >= Cause::kCountersRequested && cause <= Cause::kCountersByGroup4) {
    return "counter interrogation (" + number + ")";
  }
  return "cause " + number;
}

}  // namespace lineshaft::iec104
