// Finding attributes by name.
#include "analyzer/scope.h"

#include <algorithm>

namespace sluice::analyzer {

using logical::AttributeExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::PlanPtr;

namespace {

using Name = std::vector<std::string>;

bool QualifierEndsWith(const Name& qualifier, const Name& name, size_t parts, const NameMatcher& matches) {
  if (qualifier.size() < parts) return false;
  for (size_t i = 0; i < parts; ++i) {
    if (!matches(qualifier[qualifier.size() - parts + i], name[i])) return false;
  }
  return true;
}

AttributePtr Renamed(const AttributePtr& attribute, const std::string& name) {
  if (attribute->name == name) return attribute;
  auto copy = std::make_shared<AttributeExpr>(*attribute);
  copy->name = name;
  return copy;
}

// Attributes named `name[at]` whose qualifier ends with the parts before it; each attribute once.
Attributes Candidates(const Name& name, size_t at, const Attributes& attributes, const NameMatcher& matches) {
  Attributes out;
  for (const AttributePtr& attribute : attributes) {
    if (!matches(attribute->name, name[at]) || !QualifierEndsWith(attribute->qualifier, name, at, matches)) continue;
    bool known = std::any_of(out.begin(), out.end(), [&](const AttributePtr& other) {
      return other->id == attribute->id && other->qualifier == attribute->qualifier;
    });
    if (!known) out.push_back(Renamed(attribute, name[at]));
  }
  return out;
}

base::Error Ambiguous(const Name& name, const Attributes& candidates) {
  std::string references;
  for (const AttributePtr& candidate : candidates) {
    Name full = candidate->qualifier;
    full.push_back(candidate->name);
    references += (references.empty() ? "" : ", ") + types::QuoteIdentifier(full);
  }
  return base::Error(base::ErrorKind::kAnalysis, "AMBIGUOUS_REFERENCE",
                     {{"name", types::QuoteIdentifier(name)}, {"referenceNames", "[" + references + "]"}});
}

}  // namespace

void PlanIds::Tag(const PlanPtr& plan, int64_t id) {
  auto& list = ids_[plan.get()];
  if (list.empty()) kept_.push_back(plan);
  if (std::find(list.begin(), list.end(), id) == list.end()) list.push_back(id);
}

bool PlanIds::Has(const logical::Plan* plan, int64_t id) const {
  auto found = ids_.find(plan);
  return found != ids_.end() && std::find(found->second.begin(), found->second.end(), id) != found->second.end();
}

void PlanIds::Inherit(const logical::Plan* original, const PlanPtr& copy) {
  auto found = ids_.find(original);
  if (found == ids_.end() || original == copy.get()) return;
  std::vector<int64_t> list = found->second;
  for (int64_t id : list) Tag(copy, id);
}

Attributes Scope::Output() const {
  Attributes out;
  for (const PlanPtr& input : inputs) out.insert(out.end(), input->output.begin(), input->output.end());
  return out;
}

Attributes Scope::VisibleOutput() const {
  Attributes out = Output();
  out.erase(std::remove_if(out.begin(), out.end(), [](const AttributePtr& a) { return a->hidden; }), out.end());
  return out;
}

std::optional<FoundName> FindAttribute(const Name& name, const Attributes& attributes, const NameMatcher& matches) {
  constexpr size_t kMostQualifiers = 3;
  for (size_t parts = std::min(kMostQualifiers, name.size() - 1) + 1; parts-- > 0;) {
    Attributes candidates = Candidates(name, parts, attributes, matches);
    if (candidates.size() > 1) throw Ambiguous(name, candidates);
    if (candidates.size() == 1) return FoundName{candidates[0], Name(name.begin() + parts + 1, name.end())};
  }
  return std::nullopt;
}

std::optional<FoundName> FindVisibleFirst(const Name& name, const Attributes& attributes, const NameMatcher& matches) {
  Attributes visible, hidden;
  for (const AttributePtr& attribute : attributes) (attribute->hidden ? hidden : visible).push_back(attribute);
  if (auto found = FindAttribute(name, visible, matches)) return found;
  return FindAttribute(name, hidden, matches);
}

}  // namespace sluice::analyzer
