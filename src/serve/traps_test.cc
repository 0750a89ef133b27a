#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "serve/testing/traps.h"

// The numbers are those of docs/serving.md.
namespace cllm::traps {
namespace {

struct Row {
  int number;
  const char* name;
  void (*test)(Servers& servers);
};

class Trap : public testing::TestWithParam<Row> {
 protected:
  static void SetUpTestSuite() { servers_ = std::make_unique<Servers>(); }
  static void TearDownTestSuite() { servers_.reset(); }
  static inline std::unique_ptr<Servers> servers_;
};

TEST_P(Trap, IsNone) { GetParam().test(*servers_); }

INSTANTIATE_TEST_SUITE_P(
    Clients, Trap,
    testing::Values(
        Row{1, "UsageComesInAChunkOfItsOwn", UsageComesInAChunkOfItsOwn},
        Row{2, "StreamOptionsAreHarmless", StreamOptionsAreHarmless}, Row{3, "StopInEveryForm", StopInEveryForm},
        Row{4, "NullIsTheDefault", NullIsTheDefault}, Row{5, "UnknownFieldsAreIgnored", UnknownFieldsAreIgnored},
        Row{6, "BothNamesOfTheLength", BothNamesOfTheLength}, Row{7, "ContentInParts", ContentInParts},
        Row{8, "ContentOfNothing", ContentOfNothing}, Row{9, "RolesInAnyOrder", RolesInAnyOrder},
        Row{10, "LastMessageIsContinued", LastMessageIsContinued}, Row{11, "SeveralChoices", SeveralChoices},
        Row{12, "PromptsInEveryForm", PromptsInEveryForm}, Row{13, "LogprobsInBothForms", LogprobsInBothForms},
        Row{14, "PromptsAreScored", PromptsAreScored}, Row{15, "FinishReasons", FinishReasons},
        Row{16, "FirstChunkOfAChat", FirstChunkOfAChat}, Row{17, "FieldsOfTypedClients", FieldsOfTypedClients},
        Row{18, "UsageIsAlwaysThere", UsageIsAlwaysThere}, Row{19, "EventsAndTheirEnd", EventsAndTheirEnd},
        Row{20, "NamesOfModels", NamesOfModels}, Row{21, "ErrorsHaveOneShape", ErrorsHaveOneShape},
        Row{22, "PromptsBeyondTheContext", PromptsBeyondTheContext}, Row{23, "Preflights", Preflights},
        Row{24, "PathsInEveryForm", PathsInEveryForm}, Row{25, "Keys", Keys},
        Row{26, "GoneClientsAreCancelled", GoneClientsAreCancelled},
        Row{27, "SilentStreamsGetComments", SilentStreamsGetComments},
        Row{28, "StreamsAreNotCompressed", StreamsAreNotCompressed},
        Row{29, "CharactersStayWhole", CharactersStayWhole},
        Row{30, "StopStringsAcrossTokens", StopStringsAcrossTokens}, Row{31, "SeedsHoldInCompany", SeedsHoldInCompany},
        Row{32, "Biases", Biases}, Row{33, "ToolsAndFormats", ToolsAndFormats},
        Row{34, "SuffixAndBestOf", SuffixAndBestOf}, Row{35, "Carriage", Carriage},
        Row{36, "ContentTypesAndMarks", ContentTypesAndMarks}, Row{37, "BothLoopbacks", BothLoopbacks},
        Row{38, "ListOfModels", ListOfModels}, Row{39, "ManyAtOnce", ManyAtOnce}, Row{40, "Embeddings", Embeddings}),
    [](const auto& row) { return "Trap" + std::to_string(row.param.number) + "_" + row.param.name; });

}  // namespace
}  // namespace cllm::traps
